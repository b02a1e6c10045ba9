// SPDX-License-Identifier: AGPL-3.0-or-later
// The default captcha: letters as a picture and as sound. The code is loaded when the first puzzle is shown.

import { CAPTCHA_SOUNDS } from '../lib/limits.js'
import type { DrawnCaptcha, SpeakLetters } from './contract.js'
import { createSoundBuffers } from './puzzle/sound-buffers.js'

/**
 * Creates a function that draws captchas.
 * @param seed secret bytes, at least 16: relays with other seeds draw in other styles
 */
export function createCaptchaDrawer(seed: Buffer): () => Promise<DrawnCaptcha> {
  let painter: Promise<() => DrawnCaptcha> | null = null
  return async () => {
    painter ??= import('./puzzle/painter.js').then(({ createPainter }) => createPainter(seed))
    return (await painter)()
  }
}

/**
 * Creates a function that speaks the letters of captchas.
 * @param seed secret bytes: relays with other seeds have another pace
 */
export function createCaptchaSpeaker(seed: Buffer): SpeakLetters {
  const buffers = createSoundBuffers(CAPTCHA_SOUNDS)
  return async (letters, { language, noise }) => {
    const { speak } = await import('./puzzle/sound.js')
    return speak(letters, { language, relay: seed, seed: noise, buffers })
  }
}
