// The default captcha: four letters on a wave, drawn by trek-captcha as a GIF (no SVG: Tor Browser at Safest shows none).

import type { DrawnCaptcha } from './contract.js'

/** Letters in a captcha. One guess per drawing against some 30,000 words is enough; five run into each other. */
const LETTERS = 4
/** Black on white: the best contrast of the library's palettes. */
const STYLE = 0
/** What people misread once it is bent: thin letters, `f` (as `i`), `m`, `n`, `u`, `o` (as `e`), pairs that melt into one. */
const UNCLEAR = /[fijlmnou]|[rvw]{2}|c[cd]|(.)\1/

/** Draws a captcha that a person can read; loads the library at the first call. */
export async function drawCaptcha(): Promise<DrawnCaptcha> {
  const { default: draw } = await import('trek-captcha')
  for (;;) {
    const { token, buffer } = await draw({ size: LETTERS, style: STYLE })
    if (!UNCLEAR.test(token)) return { answer: token, image: buffer, type: 'image/gif' }
  }
}
