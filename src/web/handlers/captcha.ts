// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /invite/: the captcha page, its image and sound, and the response to a wrong answer.

import { type ErrorCode, RelayError } from '../../lib/errors.js'
import type { TokenBucket } from '../../lib/token-bucket.js'
import type { Captchas } from '../captchas.js'
import type { WebComponents } from '../contract.js'
import { ANSWER_PATH } from '../delog-link.js'
import { type FairBudget, sourceOf } from '../fair-budget.js'
import { preferredOf } from '../middleware/language.js'
import { roomNameOf } from '../room-name.js'
import { prefersJson, type Step, sessionOf, type WebContext } from '../state.js'
import type { Render } from '../views.js'

export interface CaptchaParts extends Pick<WebComponents, 'face'> {
  render: Render
  captchas: Captchas
  /** invites per hour */
  budget: FairBudget
  /** wrong answers to questions per hour */
  answerTries: FairBudget
  /** knocks per hour */
  knockBudget: TokenBucket
  /** days until invites and knocks expire */
  expiresDays: () => number
}

export type CaptchaPages = ReturnType<typeof createCaptchaPages>

/** Creates the captcha page's handlers. */
export function createCaptchaPages({
  render,
  captchas,
  budget,
  knockBudget,
  face,
  expiresDays,
}: CaptchaParts) {
  /** Shows a new captcha. @param error why the last answer was rejected */
  async function show(ctx: WebContext, error: ErrorCode | null = null): Promise<void> {
    const { question, picture } = await captchas.renew(sessionOf(ctx), (tags) => preferredOf(ctx, tags))
    const knock = face().mode === 'community'
    ctx.type = 'html'
    ctx.body = render(ctx, 'invite/captcha.njk', {
      roomName: roomNameOf(face()),
      knock,
      question,
      picture,
      days: expiresDays(),
      minutes: Math.ceil((knock ? knockBudget.wait() : budget.wait(sourceOf(ctx.req))) / 60),
      action: ANSWER_PATH,
      error,
    })
  }

  /** Rejects an answer and shows a new captcha. */
  async function refuse(ctx: WebContext, code: 'captcha_wrong' | 'captcha_missing'): Promise<void> {
    const refusal = new RelayError(code)
    // before any await: of a hundred concurrent guesses each must cost a captcha
    captchas.consume(sessionOf(ctx))
    ctx.status = refusal.status
    ctx.vary('Accept')
    await show(ctx, code)
    if (prefersJson(ctx)) throw refusal
  }

  const image: Step = async (ctx) => {
    const shown = await captchas.image(sessionOf(ctx))
    if (!shown) throw new RelayError('not_found')
    ctx.type = shown.type
    ctx.body = shown.body
  }

  const sound: Step = async (ctx) => {
    const spoken = await captchas.sound(sessionOf(ctx), ctx.state.language.tag)
    if (!spoken) throw new RelayError('not_found')
    // also when the visitor leaves before the end
    if (ctx.res.closed) spoken.release()
    else ctx.res.once('close', spoken.release)
    ctx.type = 'audio/wav'
    sendRange(ctx, spoken.bytes)
  }

  return { show, refuse, image, sound }
}

/** Answers with a body, or the part of it that was asked for: Safari plays no sound of a server without ranges. */
function sendRange(ctx: WebContext, body: Buffer): void {
  ctx.set('Accept-Ranges', 'bytes')
  const [, from, to] = /^bytes=(\d{1,9})-(\d{0,9})$/.exec(ctx.get('Range')) ?? []
  const first = Number(from)
  const last = Math.min(body.length - 1, to ? Number(to) : body.length - 1)
  // any other form of a range may be ignored (RFC 9110, section 14.2)
  if (from === undefined || first > last) {
    ctx.body = body
    return
  }
  ctx.status = 206
  ctx.set('Content-Range', `bytes ${first}-${last}/${body.length}`)
  ctx.body = body.subarray(first, last + 1)
}
