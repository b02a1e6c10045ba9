// SPDX-License-Identifier: AGPL-3.0-or-later
// Captchas: bound to a session, shown as an image, answered once.

import { createHash, timingSafeEqual } from 'node:crypto'
import { CAPTCHA_IMAGES, CAPTCHA_MS } from '../lib/limits.js'
import type { DrawnCaptcha } from './contract.js'
import type { Captcha, WebSession } from './sessions.js'

export interface CaptchasOptions {
  draw: () => Promise<DrawnCaptcha>
  now: () => number
}

/** Binds captchas to sessions. Each decision is synchronous, so two concurrent answers cannot both succeed. */
export class Captchas {
  readonly #draw: () => Promise<DrawnCaptcha>
  readonly #now: () => number
  /** captchas with a cached image, oldest first */
  readonly #drawn = new Set<Captcha>()
  /** images being redrawn: two concurrent requests must get the same letters */
  readonly #redrawing = new WeakMap<Captcha, Promise<Captcha>>()
  /** false if the page asks for no answer (`invite.captcha=false`) */
  isRequired: boolean

  constructor({ draw, now }: CaptchasOptions, isRequired: boolean) {
    this.#draw = draw
    this.#now = now
    this.isRequired = isRequired
  }

  /** Replaces the session's captcha by a new one. */
  async renew(session: WebSession): Promise<void> {
    const captcha = await this.#make()
    this.#forget(session.captcha)
    session.captcha = captcha
  }

  /** The image of the session's pending captcha, or null. An evicted image is redrawn with new letters. */
  async image(session: WebSession): Promise<Captcha['image']> {
    const captcha = this.waiting(session)
    if (!captcha || captcha.answer === null) return null
    if (captcha.image) return captcha.image
    let redrawing = this.#redrawing.get(captcha)
    if (!redrawing) {
      redrawing = this.#make()
      this.#redrawing.set(captcha, redrawing)
    }
    const fresh = await redrawing
    // a captcha that was answered or replaced meanwhile must not come back
    if (session.captcha === captcha) session.captcha = fresh
    return fresh.image
  }

  /** The captcha that can be answered now. One made without a question is void once questions are switched on. */
  waiting(session: WebSession): Captcha | null {
    const captcha = session.captcha
    if (!captcha || captcha.expires <= this.#now()) return null
    return captcha.answer === null && this.isRequired ? null : captcha
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

  async #make(): Promise<Captcha> {
    const expires = this.#now() + CAPTCHA_MS
    if (!this.isRequired) return { answer: null, image: null, expires }
    const { answer, image, type } = await this.#draw()
    const captcha: Captcha = { answer, image: { body: image, type }, expires }
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

/** Checks an answer in constant time. Case and surrounding whitespace are ignored. */
export function isRight(captcha: Captcha, given: string): boolean {
  if (captcha.answer === null) return true
  // timingSafeEqual needs equal lengths
  const digest = (text: string) => createHash('sha256').update(text.trim().toLowerCase()).digest()
  return given.trim() !== '' && timingSafeEqual(digest(captcha.answer), digest(given))
}
