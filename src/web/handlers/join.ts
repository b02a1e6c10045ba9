// SPDX-License-Identifier: AGPL-3.0-or-later
// /join: shows an invite to people, describes it to programs, and accepts claims (SSB HTTP invites).

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
import { isForeign } from '../middleware/same-origin.js'
import { createPictures } from '../pictures.js'
import { roomNameOf } from '../room-name.js'
import {
  addressFormat,
  type Format,
  formatText,
  inviteFormats,
  JOIN_PATH,
  type ReachedAt,
} from '../share-formats.js'
import type { Step, WebContext } from '../state.js'
import type { Render } from '../views.js'

export interface JoinParts extends Pick<WebComponents, 'invites' | 'face' | 'hostnames'> {
  render: Render
  now: () => number
  /** unknown tokens allowed per hour */
  badLinks: TokenBucket
}

interface Found {
  token: string
  invite: Invite
}

/** Error codes of unusable invites. Programs see a revoked invite as unknown, as over SSB. */
const ENDED = {
  'used up': 'invite_used_up',
  expired: 'invite_expired',
  revoked: 'invite_unknown',
} as const satisfies Partial<Record<Invite['state'], ErrorCode>>

/** Creates the handlers of invite links. */
export function createJoinPages({ invites, face, hostnames, render, now, badLinks }: JoinParts) {
  /** limits of claims that change nothing, by invite */
  const claimBudgets = new FifoCache<TokenBucket>(CLAIMED_KEPT)
  const picture = createPictures(now)

  const reachedAt = (ctx: WebContext): ReachedAt => ({
    host: ctx.state.host,
    origin: ctx.state.origin,
    face: face(),
    hostnames: hostnames(),
  })

  /**
   * Finds the invite of a token. The lookup uses a key derived from the token, so its timing reveals nothing; a malformed
   * token takes as long.
   */
  function find(ctx: WebContext, token: string): Found {
    const seed = seedOf(token)
    const invite = invites.get(guestIdOf(seed ?? digestOf(token)))
    if (seed && invite) return { token, invite }
    // in restricted mode an unknown link looks like any missing page
    if (face().mode === 'restricted') throw new RelayError('not_found')
    if (badLinks.take()) throw new RelayError('invite_unknown')
    ctx.set('Retry-After', String(badLinks.wait()))
    throw new RelayError('quota_reached', undefined, { limit: 'bad_invite_links' })
  }

  /** Shows that an invite is used up, expired or revoked. */
  function showEnded(ctx: WebContext, state: keyof typeof ENDED): void {
    const refusal = new RelayError(ENDED[state])
    if (ctx.state.isJsonClient) throw refusal
    ctx.status = refusal.status
    ctx.type = 'html'
    const home = face().mode === 'restricted' ? null : '/invite/'
    ctx.body = render(ctx, 'join/ended.njk', {
      roomName: roomNameOf(face()),
      state,
      code: refusal.code,
      home,
    })
  }

  function page(ctx: WebContext, { token, invite }: Found, id = '', wrong: ErrorCode | null = null): void {
    const { words } = ctx.state.language
    if (wrong) ctx.status = new RelayError(wrong).status
    ctx.type = 'html'
    ctx.body = render(ctx, 'join/join.njk', {
      ...{ roomName: roomNameOf(face()), description: face().description.trim(), token, id, code: wrong },
      formats: inviteFormats(reachedAt(ctx), token),
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
    if (!named && !ctx.state.isJsonClient && face().mode !== 'restricted') {
      ctx.status = 303
      ctx.redirect('/invite/')
      ctx.body = ''
      return
    }
    const found = find(ctx, tokenIn(ctx))
    const { state } = found.invite
    if (state !== 'live') return showEnded(ctx, state)
    if (!ctx.state.isJsonClient) return page(ctx, found)
    ctx.body = { status: 'successful', invite: found.token, postTo: `${ctx.state.origin}${JOIN_PATH}` }
  }

  /** Claims an invite for a feed. Claims that change nothing count against the invite's limit. */
  async function claimInvite(ctx: WebContext, { invite }: Found, id: string): Promise<'joined' | 'member'> {
    const { id: guest } = invite
    const budget = claimBudgets.get(guest, () => new TokenBucket(IDLE_CLAIMS_PER_HOUR, now))
    /** Counts members and blocked feeds alike; over the limit the response does not tell which it is. */
    const takeClaim = (): void => {
      if (budget.take()) return
      ctx.set('Retry-After', String(budget.wait()))
      throw new RelayError('quota_reached', undefined, { limit: 'invite_claims' })
    }
    // claim first, count afterwards: other people's attempts must not keep a newcomer out
    try {
      const became = await invites.claim(guest, id)
      if (became === 'member') takeClaim()
      return became
    } catch (thrown) {
      if (thrown instanceof RelayError && thrown.code === 'invite_unknown') takeClaim()
      throw thrown
    }
  }

  const claim: Step = async (ctx) => {
    const json = isJson(ctx.req)
    // another site can make a browser post a form; JSON clients have no ambient credentials
    if (!json && isForeign(ctx)) throw new RelayError('not_allowed')
    const { id: written, token } = json ? await fromJson(ctx) : await fromForm(ctx)
    const id = readFeedId(written) ?? written
    const wellFormed = isFeedId(id) && id !== face().id
    if (ctx.state.isJsonClient && !wellFormed) throw new RelayError('bad_feed_id')
    const found = find(ctx, token)
    if (!wellFormed) {
      const { state } = found.invite
      return state === 'live' ? page(ctx, found, id, 'bad_feed_id') : showEnded(ctx, state)
    }
    try {
      await claimInvite(ctx, found, id)
    } catch (thrown) {
      if (ctx.state.isJsonClient || !(thrown instanceof RelayError)) throw thrown
      const { state } = invites.get(found.invite.id) ?? found.invite
      if (state !== 'live') return showEnded(ctx, state)
      // the invite is usable, so the feed id is the problem
      if (thrown.code === 'invite_unknown') return page(ctx, found, id, 'invite_unknown')
      throw thrown
    }
    const address = multiserverAddress(ctx.state.host, face(), hostnames())
    if (ctx.state.isJsonClient) {
      ctx.body = { status: 'successful', multiserverAddress: address }
      return
    }
    ctx.type = 'html'
    ctx.body = render(ctx, 'join/joined.njk', {
      ...{ roomName: roomNameOf(face()), id, back: null },
      formats: [addressFormat({ ...reachedAt(ctx), face: face() })],
    })
  }

  /** GET /join/state: polled by the page while it waits for an app. */
  const state: Step = (ctx) => {
    const { invite } = find(ctx, tokenIn(ctx))
    ctx.body = { state: invite.state, used: invite.used }
  }

  const qr: Step = async (ctx) => {
    const { token, invite } = find(ctx, tokenIn(ctx))
    const formats: Format[] = invite.state === 'live' ? inviteFormats(reachedAt(ctx), token) : []
    const text = formatText(formats, ctx.query.of)
    if (text === undefined) throw new RelayError('not_found')
    await picture(ctx, text)
  }

  return { show, claim, state, qr }
}

/** The token in the query string. */
function tokenIn(ctx: Pick<WebContext, 'querystring'>): string {
  return oneValue(new URLSearchParams(ctx.querystring), 'invite') ?? ''
}

/** Bytes of a seed's length, derived from any text. */
function digestOf(text: string): Buffer {
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
