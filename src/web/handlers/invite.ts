// SPDX-License-Identifier: AGPL-3.0-or-later
// /invite/…: checks the captcha's answer, shows the invite code and its QR image.

import { RelayError } from '../../lib/errors.js'
import { DAY } from '../../lib/limits.js'
import { parseInviteCode, tokenOf } from '../../ssb/invite-code.js'
import { ssbPortAt } from '../address.js'
import { hasLetters, isRight } from '../captchas.js'
import type { Issued, WebComponents } from '../contract.js'
import { ANSWER_PATH, encodeCode, findCode } from '../delog-link.js'
import { sourceOf } from '../fair-budget.js'
import { oneValue, readForm } from '../form.js'
import { drawQr } from '../qr.js'
import { roomNameOf } from '../room-name.js'
import { type Captcha, remember, type WebSession } from '../sessions.js'
import { inviteFormats } from '../share-formats.js'
import { type Step, sessionOf, type WebContext } from '../state.js'
import type { CaptchaPages, CaptchaParts } from './captcha.js'

export interface InviteParts extends Pick<WebComponents, 'mintInvite' | 'hostnames'>, CaptchaParts {
  now: () => number
}

/**
 * Creates the handlers of the invite pages.
 * @param offerKnock shows the knock form after a right answer in community mode
 */
export function createInvitePages(
  parts: InviteParts,
  captcha: CaptchaPages,
  offerKnock: (ctx: WebContext) => void,
) {
  const { render, captchas, budget, answerTries: tries, now, face } = parts
  /** QR images, kept as long as their code */
  const drawn = new WeakMap<Issued, Promise<Buffer>>()

  function codePage(ctx: WebContext, { code, expires }: Issued): void {
    const days = Math.max(1, Math.round((expires - now()) / DAY))
    const { host, origin } = ctx.state
    const token = tokenOf(parseInviteCode(code).seed)
    // the code keeps the host it was issued with, even if the page is now reached by another one
    const all = inviteFormats({ host, origin, face: face(), hostnames: parts.hostnames() }, token)
    const others = all.filter(({ kind }) => kind !== 'code')
    const until = new Date(expires).toISOString().slice(0, 10)
    ctx.type = 'html'
    ctx.body = render(ctx, 'invite/code.njk', {
      ...{ code, days, until, token, roomName: roomNameOf(face()) },
      formats: [{ kind: 'code', text: code, qr: `/invite/code.gif?invite=${encodeCode(code)}` }, ...others],
      back: `${ANSWER_PATH}?invite=${encodeCode(code)}`,
    })
  }

  /** Exchanges a solved captcha for one invite. On failure the captcha is given back. */
  async function pay(session: WebSession, answered: Captcha, host: string): Promise<Issued> {
    // no await since the caller's check, so of concurrent answers only one gets here
    captchas.consume(session)
    try {
      const issued = await parts.mintInvite({ host, port: ssbPortAt(host, parts.hostnames()) })
      remember(session, issued)
      return issued
    } catch (cause) {
      budget.refund()
      captchas.restore(session, answered)
      throw cause
    }
  }

  const show: Step = (ctx) => captcha.show(ctx)

  const answer: Step = async (ctx) => {
    const session = sessionOf(ctx)
    const given = oneValue(await readForm(ctx.req), 'captcha') ?? ''
    const waiting = captchas.waiting(session)
    if (!waiting) return captcha.refuse(ctx, 'captcha_missing')
    const source = sourceOf(ctx.req)
    const isGuess = waiting.question !== null && !hasLetters(waiting, given)
    // before the comparison, so that the right answer too has to wait: else guessing would cost nothing
    if (isGuess && !tries.take(source)) {
      ctx.set('Retry-After', String(tries.wait(source)))
      throw new RelayError('quota_reached', undefined, { limit: 'question_tries' })
    }
    if (!isRight(waiting, given)) return captcha.refuse(ctx, 'captcha_wrong')
    if (isGuess) tries.refund()
    if (face().mode === 'community') {
      captchas.consume(session)
      return offerKnock(ctx)
    }
    if (!budget.take(source)) {
      // the captcha stays valid: the same answer works later
      ctx.set('Retry-After', String(budget.wait(source)))
      throw new RelayError('invites_exhausted', undefined, { limit: 'web_invites' })
    }
    const issued = await pay(session, waiting, ctx.state.host)
    if (ctx.get('X-Requested-With') !== 'in.delog') return codePage(ctx, issued)
    // Delog's WebView passes URLs to the app, not pages
    ctx.status = 303
    ctx.redirect(`${ANSWER_PATH}?invite=${encodeCode(issued.code)}`)
    ctx.body = ''
  }

  const again: Step = (ctx) => {
    // a code issued in open mode is not shown in community mode
    const issued = face().mode === 'open' ? findCode(ctx.req, sessionOf(ctx)) : undefined
    return issued ? codePage(ctx, issued) : captcha.show(ctx)
  }

  const qr: Step = async (ctx) => {
    const issued = findCode(ctx.req, sessionOf(ctx))
    if (!issued) throw new RelayError('not_found')
    const image = drawn.get(issued) ?? drawQr(issued.code)
    drawn.set(issued, image)
    ctx.type = 'image/gif'
    ctx.body = await image
  }

  return { show, answer, again, qr }
}
