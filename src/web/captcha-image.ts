// SPDX-License-Identifier: AGPL-3.0-or-later
// The default captcha: four letters drawn by trek-captcha as a GIF. Tor Browser at Safest shows no SVG.

import type { DrawnCaptcha } from './contract.js'

/** Letters in a captcha: some 30,000 combinations for one guess. Five letters overlap. */
const LETTERS = 4
/** Black on white has the best contrast of the library's palettes. */
const STYLE = 0
/** Letters and pairs that people misread when distorted: thin ones, and `f`/`i`, `o`/`e`, `rv`. */
const UNCLEAR = /[fijlmnou]|[rvw]{2}|c[cd]|(.)\1/

/** Draws a readable captcha. Loads the library at the first call. */
export async function drawCaptcha(): Promise<DrawnCaptcha> {
  const { default: draw } = await import('trek-captcha')
  for (;;) {
    const { token, buffer } = await draw({ size: LETTERS, style: STYLE })
    if (!UNCLEAR.test(token)) return { answer: token, image: buffer, type: 'image/gif' }
  }
}
