// /invite/: the riddle, its image, its answer, and the code with its QR.

import type { Context } from 'koa'
import { type ErrorCode, RelayError } from '../../errors.js'
import { DAY } from '../../limits.js'
import type { Budget } from '../budget.js'
import { ANSWER_PATH, encodeCode, findCode } from '../code-link.js'
import type { Issued, WebComponents } from '../components.js'
import { oneValue, readForm } from '../form.js'
import { drawQr } from '../qr.js'
import { isRight, type Riddles } from '../riddles.js'
import { type Riddle, remember, type Session } from '../sessions.js'
import { prefersJson, type Step, sessionOf, type WebState } from '../state.js'
import type { Render } from '../views.js'

export interface InviteParts extends Pick<WebComponents, 'mintInvite' | 'face' | 'names'> {
  render: Render
  riddles: Riddles
  budget: Budget
  now: () => number
  /** days an invite can be used, as told to people */
  expiresDays: () => number
}

type WebContext = Context & { state: WebState }

/** The handlers of the invite pages. */
export function invite(parts: InviteParts) {
  const { render, riddles, budget, now, face } = parts
  /** QR images, drawn once and kept as long as their code is */
  const drawn = new WeakMap<Issued, Promise<Buffer>>()

  /** Only an open relay gives codes to strangers; the others say no more than that there is nothing here. */
  const whenOpen: Step = (_ctx, next) => {
    if (face().mode !== 'open') throw new RelayError('not_found')
    return next()
  }

  async function riddlePage(ctx: WebContext, error: ErrorCode | null): Promise<void> {
    await riddles.renew(sessionOf(ctx))
    const minutes = Math.ceil(budget.wait() / 60)
    const values = { name: face().name.trim() || 'Tidepool', asks: riddles.asks, days: parts.expiresDays() }
    ctx.type = 'html'
    ctx.body = render('invite/riddle.njk', { ...values, action: ANSWER_PATH, error, minutes })
  }

  /** Refuses an answer with a fresh riddle, so that the next try needs no detour. */
  async function refuse(ctx: WebContext, code: 'riddle_wrong' | 'riddle_missing'): Promise<void> {
    const refusal = new RelayError(code)
    // used up before anything is awaited: a hundred guesses at once are a hundred riddles
    riddles.consume(sessionOf(ctx))
    ctx.status = refusal.status
    ctx.vary('Accept')
    await riddlePage(ctx, code)
    if (prefersJson(ctx)) throw refusal
  }

  function codePage(ctx: WebContext, { code, expires }: Issued): void {
    const days = Math.max(1, Math.round((expires - now()) / DAY))
    const until = new Date(expires).toISOString().slice(0, 10)
    ctx.type = 'html'
    ctx.body = render('invite/code.njk', {
      code,
      days,
      until,
      rows: Math.ceil(code.length / 30),
      link: encodeCode(code),
    })
  }

  /** Pays out a riddle that was answered well: exactly one invite, or the riddle back. */
  async function pay(session: Session, riddle: Riddle, host: string): Promise<Issued> {
    // nothing is awaited between the caller's check of the riddle and this line, so only one answer gets here
    riddles.consume(session)
    try {
      const issued = await parts.mintInvite({ host, port: parts.names().ssbPort })
      remember(session, issued)
      return issued
    } catch (cause) {
      budget.refund()
      riddles.restore(session, riddle)
      throw cause
    }
  }

  const show: Step = (ctx) => riddlePage(ctx, null)

  const image: Step = async (ctx) => {
    const shown = await riddles.image(sessionOf(ctx))
    if (!shown) throw new RelayError('not_found')
    ctx.type = shown.type
    ctx.body = shown.body
  }

  const answer: Step = async (ctx) => {
    const session = sessionOf(ctx)
    const given = oneValue(await readForm(ctx.req), 'captcha') ?? ''
    const riddle = riddles.waiting(session)
    if (!riddle) return refuse(ctx, 'riddle_missing')
    if (!isRight(riddle, given)) return refuse(ctx, 'riddle_wrong')
    if (!budget.take()) {
      // the riddle stays: sending the same answer again later is enough
      ctx.set('Retry-After', String(budget.wait()))
      throw new RelayError('invites_exhausted')
    }
    const issued = await pay(session, riddle, ctx.state.host)
    if (ctx.get('X-Requested-With') !== 'in.delog') return codePage(ctx, issued)
    // the WebView's app sees URLs, not pages
    ctx.status = 303
    ctx.redirect(`${ANSWER_PATH}?invite=${encodeCode(issued.code)}`)
    ctx.body = ''
  }

  const again: Step = (ctx) => {
    const issued = findCode(ctx.req, sessionOf(ctx))
    return issued ? codePage(ctx, issued) : riddlePage(ctx, null)
  }

  const qr: Step = async (ctx) => {
    const issued = findCode(ctx.req, sessionOf(ctx))
    if (!issued) throw new RelayError('not_found')
    const image = drawn.get(issued) ?? drawQr(issued.code)
    drawn.set(issued, image)
    ctx.type = 'image/gif'
    ctx.body = await image
  }

  return { whenOpen, show, image, answer, again, qr }
}
