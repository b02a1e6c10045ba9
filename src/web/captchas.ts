// Riddles: drawn for a session, shown as an image, answered once.

import { createHash, timingSafeEqual } from 'node:crypto'
import { CAPTCHA_IMAGES, CAPTCHA_MS } from '../lib/limits.js'
import type { DrawnCaptcha } from './contract.js'
import type { Captcha, WebSession } from './sessions.js'

export interface CaptchasOptions {
  draw: () => Promise<DrawnCaptcha>
  now: () => number
}

/** Binds captchas to sessions. All that decides is synchronous, so two answers at once cannot both be the first. */
export class Captchas {
  readonly #draw: () => Promise<DrawnCaptcha>
  readonly #now: () => number
  /** captchas whose image is kept, oldest first */
  readonly #drawn = new Set<Captcha>()
  /** images being drawn anew: two fetches at once must show the same letters */
  readonly #redrawing = new WeakMap<Captcha, Promise<Captcha>>()
  /** whether an answer is asked for */
  isRequired: boolean

  constructor({ draw, now }: CaptchasOptions, isRequired: boolean) {
    this.#draw = draw
    this.#now = now
    this.isRequired = isRequired
  }

  /** Gives a session a fresh captcha in place of the one it had. */
  async renew(session: WebSession): Promise<void> {
    const captcha = await this.#make()
    this.#forget(session.captcha)
    session.captcha = captcha
  }

  /** The image of the captcha that waits in this session, or null if none does. */
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
    // what happened meanwhile (an answer, a new page) wins over a picture of the past
    if (session.captcha === captcha) session.captcha = fresh
    return fresh.image
  }

  /** The captcha that can be answered now. One that asks nothing does not count once answers are asked for. */
  waiting(session: WebSession): Captcha | null {
    const captcha = session.captcha
    if (!captcha || captcha.expires <= this.#now()) return null
    return captcha.answer === null && this.isRequired ? null : captcha
  }

  /** Uses the session's captcha up, right or wrong. */
  consume(session: WebSession): void {
    this.#forget(session.captcha)
    session.captcha = null
  }

  /** Gives back a captcha that was answered well but could not be paid out, unless another took its place. */
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

/** Whether an answer is right: letter case and surrounding space do not count, and time tells nothing. */
export function isRight(captcha: Captcha, given: string): boolean {
  if (captcha.answer === null) return true
  // hashes have one length, whatever was typed
  const digest = (text: string) => createHash('sha256').update(text.trim().toLowerCase()).digest()
  return given.trim() !== '' && timingSafeEqual(digest(captcha.answer), digest(given))
}
