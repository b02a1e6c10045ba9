// SPDX-License-Identifier: AGPL-3.0-or-later
// /setup: the set-up form of the first start. The link with its token is printed by `tidepool start`.

import { type ErrorCode, RelayError } from '../../lib/errors.js'
import { DESCRIPTION_CHARS, MINUTE, NAME_CHARS } from '../../lib/limits.js'
import { isLoopback, placeOf } from '../../lib/platform.js'
import type { TokenBucket } from '../../lib/token-bucket.js'
import { isFeedId, readFeedId } from '../../ssb/feed-id.js'
import { parseInviteCode, tokenOf } from '../../ssb/invite-code.js'
import { ssbPortAt } from '../address.js'
import type { LocalClaim, SetupAnswers, WebComponents } from '../contract.js'
import { readForm, TEXT_FORM_BYTES, textOf } from '../form.js'
import { roomNameOf } from '../room-name.js'
import { type Format, inviteFormats } from '../share-formats.js'
import { prefersJson, type Step, type WebContext } from '../state.js'
import type { Render } from '../views.js'
import { en, type Words } from '../words/en.js'

export interface SetupParts
  extends Pick<WebComponents, 'setup' | 'face' | 'mintInvite' | 'hostnames' | 'placeOf'> {
  render: Render
  /** wrong tokens allowed per hour */
  tries: TokenBucket
}

type Given = SetupAnswers & { token: string }
type Field = keyof Given
/** Errors by field: the code for programs, the message for people. */
type Wrong = Partial<Record<Field, { code: ErrorCode; say: Say }>>
/** the message in a given language */
type Say = (words: Words['setup']) => string

/** What the operator runs to make a feed the admin of a room that has none. */
const MAKE_ADMIN = "tidepool setup --admin '@….ed25519'\ntidepool members link '@….ed25519'"

const FIELDS = ['token', 'name', 'description', 'admin', 'ebt'] as const satisfies Field[]

/** Creates the set-up page's handlers. */
export function createSetupPages(parts: SetupParts) {
  const { setup, face, render, tries, mintInvite, hostnames, placeOf: place = placeOf } = parts

  /** Redirects to the form while it is pending. */
  const redirectToSetup: Step = (ctx, next) => {
    if (!setup.pending()) return next()
    ctx.status = 303
    ctx.redirect('/setup')
    ctx.body = ''
  }

  /** Not found once set-up is done. */
  const requirePending: Step = (_ctx, next) => {
    if (!setup.pending()) throw new RelayError('not_found')
    return next()
  }

  /** Hides the page of a restricted room from visitors without the token. */
  function requireVisible(): void {
    if (face().mode === 'restricted') throw new RelayError('not_found')
  }

  /** Whether the caller is on the local network. A caller on this machine is not: it may be a proxy, or tor. */
  const isNear = ({ state, req }: WebContext): boolean =>
    state.kind === 'lan' && place(req.socket) === 'network'

  const localClaim = (ctx: WebContext): LocalClaim | null =>
    isNear(ctx) ? (setup.localClaim?.() ?? null) : null

  /** A wrong token counts against the limit. The right one always passes, so that nobody can lock its holder out. */
  function checkToken(ctx: WebContext, token: string): boolean {
    if (token === '') return false
    if (setup.knows(token)) return true
    const wait = tries.wait()
    if (wait > 0) {
      ctx.set('Retry-After', String(wait))
      throw new RelayError('quota_reached', undefined, { limit: 'setup_tries' })
    }
    tries.take()
    return false
  }

  function page(ctx: WebContext, given: Given, known: boolean, wrong: Wrong = {}): void {
    const worst = FIELDS.find((field) => wrong[field]) ?? null
    const found = worst ? wrong[worst] : undefined
    if (found) {
      const refusal = new RelayError(found.code, `${worst}: ${found.say(en.setup)}`)
      ctx.status = refusal.status
      ctx.vary('Accept')
      if (prefersJson(ctx)) throw refusal
    }
    const { words } = ctx.state.language
    const said = Object.fromEntries(
      Object.entries(wrong).map(([field, { say }]) => [field, { words: say(words.setup) }]),
    )
    const most = { name: NAME_CHARS, description: DESCRIPTION_CHARS }
    const claim = known ? null : localClaim(ctx)
    ctx.type = 'html'
    ctx.body = render(ctx, 'setup.njk', {
      ...{ given, known, wrong: said, worst, most, code: found?.code ?? null },
      ...{ isLocal: ctx.state.kind === 'lan', nearHost: ctx.state.nearHost ?? null },
      ...{ key: claim?.key ?? null, isKeyOver: claim?.key === null },
      minutes: Math.ceil((claim?.ms ?? 0) / MINUTE),
    })
  }

  function check(given: Given): Wrong {
    const wrong: Wrong = {}
    const refuse = (field: Field, code: ErrorCode, say: Say): void => {
      wrong[field] = { code, say }
    }
    const [name, description] = [given.name, given.description].map((text) => [...text].length)
    if (!name) refuse('name', 'bad_argument', (w) => w.nameMissing)
    else if (name > NAME_CHARS) refuse('name', 'bad_argument', (w) => w.tooLong(NAME_CHARS, name))
    if (description && description > DESCRIPTION_CHARS)
      refuse('description', 'bad_argument', (w) => w.tooLong(DESCRIPTION_CHARS, description))
    if (given.admin !== '' && !isFeedId(given.admin)) refuse('admin', 'bad_feed_id', (w) => w.adminMalformed)
    else if (given.admin === face().id) refuse('admin', 'not_allowed', (w) => w.adminIsRelay)
    return wrong
  }

  const ask: Step = (ctx) => {
    const { token: asked } = ctx.query
    const token = typeof asked === 'string' ? asked : ''
    const known = checkToken(ctx, token)
    if (!known) requireVisible()
    page(
      ctx,
      { token, name: '', description: '', admin: '', ebt: false },
      known,
      // an old link is no error while no token is needed
      known || !token || localClaim(ctx)?.key ? {} : TOKEN_WRONG,
    )
  }

  const answer: Step = async (ctx) => {
    const form = await readForm(ctx.req, TEXT_FORM_BYTES)
    const given: Given = {
      token: textOf(form, 'token'),
      name: textOf(form, 'name'),
      description: textOf(form, 'description'),
      admin: readFeedId(textOf(form, 'admin')) ?? textOf(form, 'admin'),
      ebt: textOf(form, 'ebt') === 'on',
    }
    const key = textOf(form, 'key')
    const known = checkToken(ctx, given.token)
    if (!known) requireVisible()
    const hasProof = known || (isNear(ctx) && setup.knows(key, true))
    const missing = hasProof ? {} : key === '' || given.token !== '' ? TOKEN_WRONG : KEY_OVER
    const wrong: Wrong = { ...missing, ...check(given) }
    if (Object.keys(wrong).length > 0) return page(ctx, given, known, wrong)
    const { token, ...answers } = given
    try {
      await setup.claim(known ? token : key, answers, isNear(ctx))
    } catch (thrown) {
      const refused = refusedBy(thrown)
      if (!refused) throw thrown
      return page(ctx, given, known, refused)
    }
    ctx.type = 'html'
    ctx.body = render(ctx, 'ready.njk', {
      roomName: roomNameOf(face()),
      makeAdmin: given.admin === '' ? MAKE_ADMIN : null,
      ...(await firstInvite(ctx)),
    })
  }

  /** An invite to share, or how others reach the room, if this page was reached by a name that only this machine has. */
  async function firstInvite(ctx: WebContext): Promise<{
    formats: Format[]
    reachedBy: string | null
    isLocal: boolean
  }> {
    const { host, origin } = ctx.state
    const names = hostnames()
    const isLocal = ctx.state.kind === 'lan'
    // an invite from here would name an address that only this network has
    if (isLocal && !names.elsewhere) return { formats: [], reachedBy: null, isLocal }
    if (isLoopback(host)) return { formats: [], reachedBy: names.domain ?? names.onion, isLocal }
    try {
      const { code } = await mintInvite({ host, port: ssbPortAt(host, names) })
      const token = tokenOf(parseInviteCode(code).seed)
      const formats = inviteFormats({ host, origin, face: face(), hostnames: names }, token)
      return {
        formats: formats.filter(({ kind }) => kind === 'link' || kind === 'code'),
        reachedBy: host,
        isLocal,
      }
    } catch {
      // the room is set up all the same; the page then names the command
      return { formats: [], reachedBy: host, isLocal }
    }
  }

  return { redirectToSetup, requirePending, ask, answer }
}

const TOKEN_WRONG: Wrong = {
  token: {
    code: 'token_wrong',
    say: (w) => w.tokenWrong,
  },
}

/** The page is from before a restart, or the first hour has ended since. */
const KEY_OVER: Wrong = { token: { code: 'token_wrong', say: (w) => w.keyOver } }

/** The field of an error that only the relay can find. */
function refusedBy(thrown: unknown): Wrong | null {
  if (!(thrown instanceof RelayError)) return null
  const { code } = thrown
  if (code === 'token_wrong') return TOKEN_WRONG
  if (code === 'not_allowed') return { admin: { code, say: (w) => w.adminBlocked } }
  return null
}
