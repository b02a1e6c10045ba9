// SPDX-License-Identifier: AGPL-3.0-or-later
// /invite/knock: in community mode, a solved captcha allows one knock.

import { type ErrorCode, RelayError } from '../../lib/errors.js'
import { NOTE_CHARS } from '../../lib/limits.js'
import { isFeedId, readFeedId } from '../../ssb/feed-id.js'
import type { WebComponents } from '../contract.js'
import { readForm, TEXT_FORM_BYTES, textOf } from '../form.js'
import { roomNameOf } from '../room-name.js'
import { addressFormat } from '../share-formats.js'
import { prefersJson, type Step, sessionOf, type WebContext } from '../state.js'
import { en, type Words } from '../words/en.js'
import type { CaptchaPages, CaptchaParts } from './captcha.js'

export interface KnockParts extends Pick<WebComponents, 'knock' | 'hostnames'>, CaptchaParts {}

export const KNOCK_PATH = '/invite/knock'

interface Given {
  feed: string
  note: string
}
type Field = keyof Given
type Say = (words: Words) => string
interface Wrong {
  field: Field | null
  code: ErrorCode
  /** the message in a given language */
  say: Say
}

/** Creates the handlers of the knock form. */
export function createKnockPages(parts: KnockParts, captcha: CaptchaPages) {
  const { render, face, hostnames, knockBudget } = parts
  const days = (): number => Math.max(1, Math.round(parts.expiresDays()))

  function form(ctx: WebContext, given: Given, wrong: Wrong | null): void {
    if (wrong) {
      const limit = wrong.code === 'quota_reached' ? { limit: 'web_knocks' } : {}
      const refusal = new RelayError(wrong.code, wrong.say(en), limit)
      ctx.status = refusal.status
      ctx.vary('Accept')
      if (prefersJson(ctx)) throw refusal
      ctx.state.refused = refusal
    }
    ctx.type = 'html'
    ctx.body = render(ctx, 'invite/knock.njk', {
      ...{ roomName: roomNameOf(face()), days: days(), given, most: NOTE_CHARS, action: KNOCK_PATH },
      wrong: wrong && { ...wrong, words: wrong.say(ctx.state.language.words) },
    })
  }

  function outcome(ctx: WebContext, feed: string, became: 'waiting' | 'joined' | 'member'): void {
    const { host, origin } = ctx.state
    const address = addressFormat({ host, origin, face: face(), hostnames: hostnames() })
    ctx.type = 'html'
    ctx.body = render(ctx, 'invite/knocked.njk', {
      roomName: roomNameOf(face()),
      days: days(),
      feed,
      became,
      address,
    })
  }

  /** Allows the session one knock and shows the form. */
  function offer(ctx: WebContext): void {
    sessionOf(ctx).mayKnock = true
    form(ctx, { feed: '', note: '' }, null)
  }

  const show: Step = (ctx) => (sessionOf(ctx).mayKnock ? offer(ctx) : captcha.show(ctx))

  const leave: Step = async (ctx) => {
    const session = sessionOf(ctx)
    const fields = await readForm(ctx.req, TEXT_FORM_BYTES)
    if (!session.mayKnock) return captcha.refuse(ctx, 'captcha_missing')
    const written = textOf(fields, 'feed')
    const given = { feed: readFeedId(written) ?? written, note: textOf(fields, 'note') }
    const wrong = check(given, face().id)
    // invalid input costs nothing
    if (wrong) return form(ctx, given, wrong)
    if (!knockBudget.take()) {
      const wait = knockBudget.wait()
      const say: Say = ({ knock }) => knock.tooMany(Math.max(1, Math.ceil(wait / 60)))
      ctx.set('Retry-After', String(wait))
      return form(ctx, given, { field: null, code: 'quota_reached', say })
    }
    // no await between check and reset: of ten concurrent knocks one is recorded
    session.mayKnock = false
    try {
      outcome(ctx, given.feed, await parts.knock(given.feed, given.note))
    } catch (cause) {
      // costs the captcha and the knock: it tells whether a feed is a member
      if (cause instanceof RelayError && cause.code === 'already_following') return known(ctx, given, cause)
      knockBudget.refund()
      session.mayKnock = true
      throw cause
    }
  }

  function known(ctx: WebContext, { feed }: Given, refusal: RelayError): void {
    ctx.status = refusal.status
    ctx.vary('Accept')
    if (prefersJson(ctx)) throw refusal
    outcome(ctx, feed, 'member')
  }

  return { offer, show, leave }
}

function check({ feed, note }: Given, own: string): Wrong | null {
  if (!isFeedId(feed)) {
    return { field: 'feed', code: 'bad_feed_id', say: ({ knock }) => knock.feedMalformed }
  }
  if (feed === own) return { field: 'feed', code: 'not_allowed', say: ({ knock }) => knock.feedIsRelay }
  // UTF-16 units, as the store counts
  if (note.length > NOTE_CHARS) {
    const say: Say = ({ knock }) => knock.noteTooLong(NOTE_CHARS, note.length)
    return { field: 'note', code: 'bad_argument', say }
  }
  return null
}
