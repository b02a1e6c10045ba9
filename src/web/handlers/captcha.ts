// GET /invite/: the captcha in front of invites and knocks, its picture, and the refusal of an answer.

import { type ErrorCode, RelayError } from '../../lib/errors.js'
import type { TokenBucket } from '../../lib/token-bucket.js'
import type { Captchas } from '../captchas.js'
import type { WebComponents } from '../contract.js'
import { ANSWER_PATH } from '../delog-link.js'
import { prefersJson, type Step, sessionOf, type WebContext } from '../state.js'
import type { Render } from '../views.js'

export interface CaptchaParts extends Pick<WebComponents, 'face'> {
  render: Render
  captchas: Captchas
  /** invites made in an hour */
  budget: TokenBucket
  /** knocks left in an hour */
  knockBudget: TokenBucket
  /** days an invite can be used and a knock waits, as told to people */
  expiresDays: () => number
}

export type CaptchaPages = ReturnType<typeof createCaptchaPages>

/** The captcha's page and picture. */
export function createCaptchaPages({
  render,
  captchas,
  budget,
  knockBudget,
  face,
  expiresDays,
}: CaptchaParts) {
  /** Shows a fresh captcha. @param error why the last answer was refused */
  async function show(ctx: WebContext, error: ErrorCode | null = null): Promise<void> {
    await captchas.renew(sessionOf(ctx))
    const knock = face().mode === 'community'
    ctx.type = 'html'
    ctx.body = render(ctx, 'invite/captcha.njk', {
      name: face().name.trim() || 'Tidepool',
      knock,
      isRequired: captchas.isRequired,
      days: expiresDays(),
      minutes: Math.ceil((knock ? knockBudget : budget).wait() / 60),
      action: ANSWER_PATH,
      error,
    })
  }

  /** Refuses an answer with a fresh captcha, so that the next try needs no detour. */
  async function refuse(ctx: WebContext, code: 'captcha_wrong' | 'captcha_missing'): Promise<void> {
    const refusal = new RelayError(code)
    // used up before anything is awaited: a hundred guesses at once are a hundred captchas
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

  return { show, refuse, image }
}
