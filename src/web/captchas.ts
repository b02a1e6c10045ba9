// Riddles: drawn for a session, shown as an image, answered once.

import { createHash, timingSafeEqual } from 'node:crypto'
import { RIDDLE_IMAGES, RIDDLE_MS } from '../lib/limits.js'
import type { DrawnCaptcha } from './contract.js'
import type { Captcha, WebSession } from './sessions.js'

export interface CaptchasOptions {
  draw: () => Promise<DrawnCaptcha>
  now: () => number
}

/** Binds riddles to sessions. All that decides is synchronous, so two answers at once cannot both be the first. */
export class Captchas {
  readonly #draw: () => Promise<DrawnCaptcha>
  readonly #now: () => number
  /** riddles whose image is kept, oldest first */
  readonly #drawn = new Set<Captcha>()
  /** images being drawn anew: two fetches at once must show the same letters */
  readonly #redrawing = new WeakMap<Captcha, Promise<Captcha>>()
  /** whether an answer is asked for */
  asks: boolean

  constructor({ draw, now }: CaptchasOptions, asks: boolean) {
    this.#draw = draw
    this.#now = now
    this.asks = asks
  }

  /** Gives a session a fresh riddle in place of the one it had. */
  async renew(session: WebSession): Promise<void> {
    const riddle = await this.#make()
    this.#forget(session.riddle)
    session.riddle = riddle
  }

  /** The image of the riddle that waits in this session, or null if none does. */
  async image(session: WebSession): Promise<Captcha['image']> {
    const riddle = this.waiting(session)
    if (!riddle || riddle.answer === null) return null
    if (riddle.image) return riddle.image
    let redrawing = this.#redrawing.get(riddle)
    if (!redrawing) {
      redrawing = this.#make()
      this.#redrawing.set(riddle, redrawing)
    }
    const fresh = await redrawing
    // what happened meanwhile (an answer, a new page) wins over a picture of the past
    if (session.riddle === riddle) session.riddle = fresh
    return fresh.image
  }

  /** The riddle that can be answered now. One that asks nothing does not count once answers are asked for. */
  waiting(session: WebSession): Captcha | null {
    const riddle = session.riddle
    if (!riddle || riddle.expires <= this.#now()) return null
    return riddle.answer === null && this.asks ? null : riddle
  }

  /** Uses the session's riddle up, right or wrong. */
  consume(session: WebSession): void {
    this.#forget(session.riddle)
    session.riddle = null
  }

  /** Gives back a riddle that was answered well but could not be paid out, unless another took its place. */
  restore(session: WebSession, riddle: Captcha): void {
    session.riddle ??= riddle
  }

  async #make(): Promise<Captcha> {
    const expires = this.#now() + RIDDLE_MS
    if (!this.asks) return { answer: null, image: null, expires }
    const { answer, image, type } = await this.#draw()
    const riddle: Captcha = { answer, image: { body: image, type }, expires }
    this.#drawn.add(riddle)
    for (const oldest of this.#drawn) {
      if (this.#drawn.size <= RIDDLE_IMAGES) break
      this.#forget(oldest)
    }
    return riddle
  }

  #forget(riddle: Captcha | null): void {
    if (!riddle) return
    riddle.image = null
    this.#drawn.delete(riddle)
  }
}

/** Whether an answer is right: letter case and surrounding space do not count, and time tells nothing. */
export function isRight(riddle: Captcha, given: string): boolean {
  if (riddle.answer === null) return true
  // hashes have one length, whatever was typed
  const digest = (text: string) => createHash('sha256').update(text.trim().toLowerCase()).digest()
  return given.trim() !== '' && timingSafeEqual(digest(riddle.answer), digest(given))
}
