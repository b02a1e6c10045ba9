// SPDX-License-Identifier: AGPL-3.0-or-later
// Captchas: bound to a session, shown as an image or a question, spoken on request, answered once.

import { randomBytes } from 'node:crypto'
import { CAPTCHA_IMAGES, CAPTCHA_MS } from '../lib/limits.js'
import { isAnswer } from '../lib/question.js'
import { isSameText } from '../lib/same-text.js'
import type { Asked, DrawnCaptcha, SpeakLetters } from './contract.js'
import type { SoundBuffer } from './puzzle/sound-buffers.js'
import type { Captcha, WebSession } from './sessions.js'

export interface CaptchasOptions {
  draw: () => Promise<DrawnCaptcha>
  speak: SpeakLetters
  now: () => number
  /** what to ask now, in the language that the visitor prefers of some, or else in the first */
  asks: (prefers?: (tags: string[]) => string | false) => Asked
}

/** Binds captchas to sessions. Each decision is synchronous, so two concurrent answers cannot both succeed. */
export class Captchas {
  readonly #draw: () => Promise<DrawnCaptcha>
  readonly #speak: SpeakLetters
  readonly #now: () => number
  /** captchas with a cached image, oldest first */
  readonly #drawn = new Set<Captcha>()
  /** images being redrawn: two concurrent requests must get the same letters */
  readonly #redrawing = new WeakMap<Captcha, Promise<Captcha>>()
  readonly asks: CaptchasOptions['asks']

  constructor({ draw, speak, now, asks }: CaptchasOptions) {
    this.#draw = draw
    this.#speak = speak
    this.#now = now
    this.asks = asks
  }

  /** Replaces the session's captcha by a new one. @returns what it asks */
  async renew(session: WebSession, prefers?: (tags: string[]) => string | false): Promise<Asked> {
    const asked = this.asks(prefers)
    const captcha = await this.#make(asked)
    this.#forget(session.captcha)
    session.captcha = captcha
    return asked
  }

  /** The image of the session's pending captcha, or null. An evicted image is redrawn with new letters. */
  async image(session: WebSession): Promise<Captcha['image']> {
    const captcha = session.captcha
    if (!captcha || captcha.answer === null || captcha.expires <= this.#now()) return null
    if (captcha.image) return captcha.image
    let redrawing = this.#redrawing.get(captcha)
    if (!redrawing) {
      redrawing = this.#make({ question: captcha.question, picture: true }, captcha.expires)
      this.#redrawing.set(captcha, redrawing)
    }
    const fresh = await redrawing
    // a captcha that was answered or replaced meanwhile must not come back
    if (session.captcha === captcha) session.captcha = fresh
    return fresh.image
  }

  /**
   * The letters of the session's pending captcha as a WAV file, or null. It has the same bytes at each request. The caller
   * releases it once it is sent.
   * @param language of the voice; a captcha keeps that of the first request, because five voices are easier than one
   * @throws RelayError `busy` while too many sounds are being sent
   */
  async sound(session: WebSession, language: string): Promise<SoundBuffer | null> {
    const captcha = session.captcha
    if (!captcha || captcha.answer === null || captcha.expires <= this.#now()) return null
    captcha.voice ??= { language, noise: randomBytes(16) }
    const sound = await this.#speak(captcha.answer, captcha.voice)
    if (session.captcha === captcha) return sound
    // answered or replaced meanwhile
    sound.release()
    return null
  }

  /**
   * The captcha that can be answered now. One that asked for nothing is void once there is something to ask, and a picture
   * is void where pictures are no longer accepted.
   */
  waiting(session: WebSession): Captcha | null {
    const captcha = session.captcha
    if (!captcha || captcha.expires <= this.#now()) return null
    if (captcha.question) return captcha
    const { question, picture } = this.asks()
    const asksAsMuch = captcha.answer === null ? !question && !picture : picture
    return asksAsMuch ? captcha : null
  }

  /** Removes the session's captcha, whether the answer was right or wrong. */
  consume(session: WebSession): void {
    this.#forget(session.captcha)
    session.captcha = null
  }

  /** Puts back a captcha whose invite could not be made, unless the session has a new one. */
  restore(session: WebSession, captcha: Captcha): void {
    session.captcha ??= captcha
  }

  async #make({ question, picture }: Asked, expires = this.#now() + CAPTCHA_MS): Promise<Captcha> {
    if (!picture) return { answer: null, question, image: null, expires }
    const { answer, image, type } = await this.#draw()
    const captcha: Captcha = { answer, question, image: { body: image, type }, expires }
    this.#drawn.add(captcha)
    for (const oldest of this.#drawn) {
      if (this.#drawn.size <= CAPTCHA_IMAGES) break
      this.#forget(oldest)
    }
    return captcha
  }

  #forget(captcha: Captcha | null): void {
    if (!captcha) return
    captcha.image = null
    this.#drawn.delete(captcha)
  }
}

/** Checks the letters of the picture in constant time. Case and surrounding whitespace are ignored. */
export function hasLetters({ answer }: Captcha, given: string): boolean {
  const letters = (text: string): string => text.trim().toLowerCase()
  return answer !== null && letters(given) !== '' && isSameText(letters(answer), letters(given))
}

/** Checks the letters of the picture or an answer to the question. Without both, everything is right. */
export function isRight(captcha: Captcha, given: string): boolean {
  const { answer, question } = captcha
  if (answer === null && question === null) return true
  return (question !== null && isAnswer(question, given)) || hasLetters(captcha, given)
}
