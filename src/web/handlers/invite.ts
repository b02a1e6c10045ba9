// /invite/…: the answer to the captcha, and the code with its QR.

import { RelayError } from '../../lib/errors.js'
import { DAY } from '../../lib/limits.js'
import { parseInviteCode, tokenOf } from '../../ssb/invite-code.js'
import { ssbPortAt } from '../address.js'
import { isRight } from '../captchas.js'
import type { Issued, WebComponents } from '../contract.js'
import { ANSWER_PATH, encodeCode, findCode } from '../delog-link.js'
import { oneValue, readForm } from '../form.js'
import { inviteFormats } from '../formats.js'
import { drawQr } from '../qr.js'
import { type Captcha, remember, type WebSession } from '../sessions.js'
import { type Step, sessionOf, type WebContext } from '../state.js'
import type { RiddlePages, RiddleParts } from './captcha.js'

export interface InviteParts extends Pick<WebComponents, 'mintInvite' | 'names'>, RiddleParts {
  now: () => number
}

/**
 * The handlers of the invite pages.
 * @param offerKnock what a right answer is worth where strangers are given no codes
 */
export function inviting(parts: InviteParts, captcha: RiddlePages, offerKnock: (ctx: WebContext) => void) {
  const { render, riddles, budget, now, face } = parts
  /** QR images, drawn once and kept as long as their code is */
  const drawn = new WeakMap<Issued, Promise<Buffer>>()

  function codePage(ctx: WebContext, { code, expires }: Issued): void {
    const days = Math.max(1, Math.round((expires - now()) / DAY))
    const { host, origin } = ctx.state
    const token = tokenOf(parseInviteCode(code).seed)
    // the code itself is shown as it was issued, whatever name the page is reached by now
    const all = inviteFormats({ host, origin, face: face(), names: parts.names() }, token)
    const others = all.filter(({ kind }) => kind !== 'code')
    const until = new Date(expires).toISOString().slice(0, 10)
    ctx.type = 'html'
    ctx.body = render(ctx, 'invite/code.njk', {
      ...{ code, days, until, token, name: face().name.trim() || 'Tidepool' },
      formats: [{ kind: 'code', text: code, qr: `/invite/code.gif?invite=${encodeCode(code)}` }, ...others],
      back: `${ANSWER_PATH}?invite=${encodeCode(code)}`,
    })
  }

  /** Pays out a captcha that was answered well: exactly one invite, or the captcha back. */
  async function pay(session: WebSession, answered: Captcha, host: string): Promise<Issued> {
    // nothing is awaited between the caller's check of the captcha and this line, so only one answer gets here
    riddles.consume(session)
    try {
      const issued = await parts.mintInvite({ host, port: ssbPortAt(host, parts.names()) })
      remember(session, issued)
      return issued
    } catch (cause) {
      budget.refund()
      riddles.restore(session, answered)
      throw cause
    }
  }

  const show: Step = (ctx) => captcha.show(ctx)

  const answer: Step = async (ctx) => {
    const session = sessionOf(ctx)
    const given = oneValue(await readForm(ctx.req), 'captcha') ?? ''
    const waiting = riddles.waiting(session)
    if (!waiting) return captcha.refuse(ctx, 'captcha_missing')
    if (!isRight(waiting, given)) return captcha.refuse(ctx, 'captcha_wrong')
    if (face().mode === 'community') {
      riddles.consume(session)
      return offerKnock(ctx)
    }
    if (!budget.take()) {
      // the captcha stays: sending the same answer again later is enough
      ctx.set('Retry-After', String(budget.wait()))
      throw new RelayError('invites_exhausted', undefined, { limit: 'web_invites' })
    }
    const issued = await pay(session, waiting, ctx.state.host)
    if (ctx.get('X-Requested-With') !== 'in.delog') return codePage(ctx, issued)
    // the WebView's app sees URLs, not pages
    ctx.status = 303
    ctx.redirect(`${ANSWER_PATH}?invite=${encodeCode(issued.code)}`)
    ctx.body = ''
  }

  const again: Step = (ctx) => {
    // a code that was given while the room was open is no business of a community's pages
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
