// /join: an invite by its link, as people see it, as programs ask for it, and as apps claim it (SSB HTTP invites).

import { createHash } from 'node:crypto'
import { type ErrorCode, RelayError } from '../../lib/errors.js'
import { FifoCache } from '../../lib/fifo-cache.js'
import { CLAIMED_KEPT, DAY, IDLE_CLAIMS_PER_HOUR } from '../../lib/limits.js'
import { TokenBucket } from '../../lib/token-bucket.js'
import { isFeedId, readFeedId } from '../../ssb/feed-id.js'
import { guestIdOf, SEED_BYTES, seedOf } from '../../ssb/invite-code.js'
import type { Invite } from '../../store/invites.js'
import { multiserverAddress } from '../address.js'
import type { WebComponents } from '../contract.js'
import { isJson, oneValue, readForm, readJson, TEXT_FORM_BYTES, textOf } from '../form.js'
import { addressFormat, type Format, formatText, type Here, inviteFormats, JOIN_PATH } from '../formats.js'
import { isForeign } from '../middleware/same-origin.js'
import { createPictures } from '../pictures.js'
import type { Step, WebContext } from '../state.js'
import type { Render } from '../views.js'

export interface JoinParts extends Pick<WebComponents, 'invites' | 'face' | 'names'> {
  render: Render
  now: () => number
  /** links that lead nowhere, borne in an hour */
  badLinks: TokenBucket
}

interface Found {
  token: string
  invite: Invite
}

/** What is said of an invite that is no longer good. A revoked one is unknown to programs, as it is over SSB. */
const DEAD = {
  'used up': 'invite_used_up',
  expired: 'invite_expired',
  revoked: 'invite_unknown',
} as const satisfies Partial<Record<Invite['state'], ErrorCode>>

/** The handlers of an invite's link. */
export function joining({ invites, face, names, render, now, badLinks }: JoinParts) {
  /** claims that changed nothing, by invite */
  const idle = new FifoCache<TokenBucket>(CLAIMED_KEPT)
  const picture = createPictures(now)

  const name = (): string => face().name.trim() || 'Tidepool'
  const here = (ctx: WebContext): Here => ({
    host: ctx.state.host,
    origin: ctx.state.origin,
    face: face(),
    names: names(),
  })

  /**
   * The invite of a token. What is looked up is a one-way image of it, so time tells nothing; what cannot be a token
   * takes as long.
   */
  function find(ctx: WebContext, token: string): Found {
    const seed = seedOf(token)
    const invite = invites.get(guestIdOf(seed ?? imageOf(token)))
    if (seed && invite) return { token, invite }
    // where strangers find nothing there is no such page
    if (face().mode === 'restricted') throw new RelayError('not_found')
    if (badLinks.take()) throw new RelayError('invite_unknown')
    ctx.set('Retry-After', String(badLinks.wait()))
    throw new RelayError('quota_reached', undefined, { limit: 'bad_invite_links' })
  }

  /** Says what became of an invite, to people in words of its own. */
  function dead(ctx: WebContext, state: keyof typeof DEAD): void {
    const refusal = new RelayError(DEAD[state])
    if (ctx.state.program) throw refusal
    ctx.status = refusal.status
    ctx.type = 'html'
    const home = face().mode === 'restricted' ? null : '/invite/'
    ctx.body = render(ctx, 'join/dead.njk', { name: name(), state, code: refusal.code, home })
  }

  function page(ctx: WebContext, { token, invite }: Found, id = '', wrong: ErrorCode | null = null): void {
    const { words } = ctx.state.language
    if (wrong) ctx.status = new RelayError(wrong).status
    ctx.type = 'html'
    ctx.body = render(ctx, 'join/join.njk', {
      ...{ name: name(), description: face().description.trim(), token, id, code: wrong },
      formats: inviteFormats(here(ctx), token),
      used: invite.used,
      left: invite.uses - invite.used,
      directed: invite.for !== undefined,
      until: new Date(invite.expires).toISOString().slice(0, 10),
      days: Math.max(1, Math.round((invite.expires - now()) / DAY)),
      wrong: wrong && { words: words.join.wrongId[wrong === 'bad_feed_id' ? 'malformed' : 'refused'] },
      back: `${JOIN_PATH}?invite=${token}`,
    })
  }

  const show: Step = (ctx) => {
    const named = new URLSearchParams(ctx.querystring).has('invite')
    if (!named && !ctx.state.program && face().mode !== 'restricted') {
      ctx.status = 303
      ctx.redirect('/invite/')
      ctx.body = ''
      return
    }
    const found = find(ctx, tokenIn(ctx))
    const { state } = found.invite
    if (state !== 'live') return dead(ctx, state)
    if (!ctx.state.program) return page(ctx, found)
    ctx.body = { status: 'successful', invite: found.token, postTo: `${ctx.state.origin}${JOIN_PATH}` }
  }

  /** Lets somebody in, or says why not; what lets nobody in is counted against the link. */
  async function letIn(ctx: WebContext, { invite }: Found, id: string): Promise<'joined' | 'member'> {
    const { id: guest } = invite
    const budget = idle.get(guest, () => new TokenBucket(IDLE_CLAIMS_PER_HOUR, now))
    /** The same for members and for those who may not come: too many of either are not told which they are. */
    const spend = (): void => {
      if (budget.take()) return
      ctx.set('Retry-After', String(budget.wait()))
      throw new RelayError('quota_reached', undefined, { limit: 'invite_claims' })
    }
    // asked first and counted then: whoever is new comes in, whatever others have tried
    try {
      const became = await invites.claim(guest, id)
      if (became === 'member') spend()
      return became
    } catch (thrown) {
      if (thrown instanceof RelayError && thrown.code === 'invite_unknown') spend()
      throw thrown
    }
  }

  const claim: Step = async (ctx) => {
    const json = isJson(ctx.req)
    // whoever posts a form has a browser, which may have been led; an app has neither cookies nor pages
    if (!json && isForeign(ctx)) throw new RelayError('not_allowed')
    const { id: written, token } = json ? await fromJson(ctx) : await fromForm(ctx)
    const id = readFeedId(written) ?? written
    const wellFormed = isFeedId(id) && id !== face().id
    if (ctx.state.program && !wellFormed) throw new RelayError('bad_feed_id')
    const found = find(ctx, token)
    if (!wellFormed) {
      const { state } = found.invite
      return state === 'live' ? page(ctx, found, id, 'bad_feed_id') : dead(ctx, state)
    }
    try {
      await letIn(ctx, found, id)
    } catch (thrown) {
      if (ctx.state.program || !(thrown instanceof RelayError)) throw thrown
      const { state } = invites.get(found.invite.id) ?? found.invite
      if (state !== 'live') return dead(ctx, state)
      // the link is good, so it is the id that may not
      if (thrown.code === 'invite_unknown') return page(ctx, found, id, 'invite_unknown')
      throw thrown
    }
    const address = multiserverAddress(ctx.state.host, face(), names())
    if (ctx.state.program) {
      ctx.body = { status: 'successful', multiserverAddress: address }
      return
    }
    ctx.type = 'html'
    ctx.body = render(ctx, 'join/joined.njk', {
      ...{ name: name(), id, back: null },
      formats: [addressFormat({ ...here(ctx), face: face() })],
    })
  }

  /** What the page asks while it waits for an app. */
  const state: Step = (ctx) => {
    const { invite } = find(ctx, tokenIn(ctx))
    ctx.body = { state: invite.state, used: invite.used }
  }

  const qr: Step = async (ctx) => {
    const { token, invite } = find(ctx, tokenIn(ctx))
    const formats: Format[] = invite.state === 'live' ? inviteFormats(here(ctx), token) : []
    const text = formatText(formats, ctx.query.of)
    if (text === undefined) throw new RelayError('not_found')
    await picture(ctx, text)
  }

  return { show, claim, state, qr }
}

/** The token in a request's address. */
function tokenIn(ctx: Pick<WebContext, 'querystring'>): string {
  return oneValue(new URLSearchParams(ctx.querystring), 'invite') ?? ''
}

/** As many bytes as a seed has, of whatever text. */
function imageOf(text: string): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, SEED_BYTES)
}

async function fromJson(ctx: WebContext): Promise<{ id: string; token: string }> {
  const fields = await readJson(ctx.req)
  return { id: fields.get('id') ?? '', token: fields.get('invite') ?? '' }
}

async function fromForm(ctx: WebContext): Promise<{ id: string; token: string }> {
  const fields = await readForm(ctx.req, TEXT_FORM_BYTES)
  return { id: textOf(fields, 'id'), token: textOf(fields, 'invite') }
}
