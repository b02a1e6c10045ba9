// SPDX-License-Identifier: AGPL-3.0-or-later
// A site on a free port of 127.0.0.1, with captchas whose image contains the answer and a fake clock.

import type { Test } from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import { createLog } from '../../src/lib/log.js'
import type { FeedId } from '../../src/ssb/feed-id.js'
import { guestIdOf } from '../../src/ssb/invite-code.js'
import type { Invite } from '../../src/store/invites.js'
import {
  createWeb,
  type RelayFace,
  type RelayHostnames,
  type SetupAnswers,
  type SsbAddress,
  type Web,
  type WebComponents,
  type WebOptions,
  type WebSetup,
} from '../../src/web/app.js'
import type { AliasOwner } from '../../src/web/contract.js'
import { type Reply, Visitor } from '../helpers/http.js'

export const RELAY_ID = '@oD71cpT5VYwC7oEC1FVDkUWoZ1rTmzuZYOk0zHuC8wI=.ed25519'
export const ANSWER = '/invite/invite-captcha-reponse'
export const DOMAIN = 'pool.example'
export const ONION = `${'a2'.repeat(28)}.onion`

export interface Site {
  web: Web
  url: string
  /** may be changed while the site runs */
  face: RelayFace
  names: RelayHostnames
  clock: { now: number }
  /** addresses of the invites created so far */
  minted: SsbAddress[]
  /** knocks so far; `joins` are feeds with a directed invite, `members` are members already */
  knocks: { left: Array<{ feed: string; note: string }>; joins: Set<string>; members: Set<string> }
  /** invites by guest id, and members who joined by them */
  invites: { known: Map<FeedId, Invite>; members: Set<FeedId> }
  /** owners by alias */
  aliases: Map<string, AliasOwner>
  /** the set-up form; done, unless a test reopens it */
  setup: { pending: boolean; token: string; claimed: SetupAnswers[] }
  /** log lines */
  lines: string[]
  visitor(): Visitor
  /** a visitor who has opened the captcha page, and the answer */
  withCaptcha(): Promise<{ visitor: Visitor; answer: string; page: Reply }>
}

/** Opens a site and closes it with the test. */
export async function openSite(
  t: Test,
  options: Partial<WebOptions> = {},
  components: Partial<WebComponents> = {},
): Promise<Site> {
  const clock = { now: Date.UTC(2025, 4, 1, 12) }
  const minted: SsbAddress[] = []
  const lines: string[] = []
  const invites: Site['invites'] = { known: new Map(), members: new Set() }
  const aliases: Site['aliases'] = new Map()
  const knocks: Site['knocks'] = { left: [], joins: new Set(), members: new Set() }
  const setup: Site['setup'] = { pending: false, token: 'oyster-token', claimed: [] }
  // as in the relay: the first call wins before any await
  const questions: WebSetup = {
    pending: () => setup.pending,
    knows: (token) => setup.pending && token === setup.token,
    async claim(token, answers) {
      if (!setup.pending || setup.claimed.length > 0) throw new RelayError('already_set_up')
      if (token !== setup.token) throw new RelayError('token_wrong')
      setup.claimed.push(answers)
      await new Promise(setImmediate)
      setup.pending = false
    },
  }
  let drawn = 0
  const face: RelayFace = {
    id: RELAY_ID,
    name: 'Rock pool',
    description: 'For people who like limpets.',
    mode: 'open',
    online: 3,
    members: 12,
  }
  const names: RelayHostnames = {
    domain: DOMAIN,
    onion: ONION,
    ssbPort: 8008,
    listening: true,
    aliasSubdomains: false,
  }
  const web = await createWeb(
    {
      face: () => face,
      hostnames: () => names,
      now: () => clock.now,
      log: createLog('debug', { write: (line) => void lines.push(line) }),
      drawCaptcha: async () => {
        const answer = `limpet${++drawn}`
        return { answer, image: Buffer.from(`GIF89a ${answer}`), type: 'image/gif' }
      },
      mintInvite: async (address) => {
        minted.push(address)
        const expires = clock.now + 7 * 86_400_000
        addInvite(invites.known, { seed: seedFor(minted.length), expires, created: clock.now })
        return { code: codeFor(address, minted.length), expires }
      },
      knock: async (feed, note) => {
        if (knocks.members.has(feed)) throw new RelayError('already_following')
        knocks.left.push({ feed, note })
        return knocks.joins.has(feed) ? 'joined' : 'waiting'
      },
      invites: {
        get: (guest) => invites.known.get(guest) ?? null,
        async claim(guest, feed) {
          const invite = invites.known.get(guest)
          if (!invite || invite.state === 'revoked') throw new RelayError('invite_unknown')
          if (invites.members.has(feed)) return 'member'
          if (invite.state === 'used up') throw new RelayError('invite_used_up')
          if (invite.state === 'expired') throw new RelayError('invite_expired')
          if (invite.for && invite.for !== feed) throw new RelayError('invite_unknown')
          invite.used++
          if (invite.used === invite.uses) invite.state = 'used up'
          invites.members.add(feed)
          return 'joined'
        },
      },
      findAlias: (alias) => aliases.get(alias) ?? null,
      setup: questions,
      ...components,
    },
    { host: '127.0.0.1', port: 0, captcha: true, question: null, perHour: 60, expiresDays: 7, ...options },
  )
  t.teardown(() => web.close())
  const visitor = () => new Visitor(web.url)
  return {
    ...{ web, url: web.url, face, names, clock, minted, knocks, setup, lines, visitor, invites, aliases },
    async withCaptcha() {
      const visited = visitor()
      const page = await visited.get('/invite/')
      return { visitor: visited, page, answer: await read(visited) }
    },
  }
}

/** Reads the answer from the captcha image. */
export async function read(visitor: Visitor, headers: Record<string, string> = {}): Promise<string> {
  return (await visitor.get('/invite/captcha.png', headers)).text.replace('GIF89a ', '')
}

/** The code with this number. */
export function codeFor({ host, port }: SsbAddress, number: number): string {
  return `${host}:${port}:${RELAY_ID}~${seedFor(number).toString('base64')}`
}

export function seedFor(number: number): Buffer {
  return Buffer.alloc(32, number)
}

/** Adds an invite: valid, for one person and a week unless given otherwise. */
export function addInvite(
  known: Site['invites']['known'],
  { seed, ...more }: { seed: Buffer; expires: number } & Partial<Invite>,
): Invite {
  const id = guestIdOf(seed)
  const blank = { uses: 1, used: 0, note: '', created: 0, revoked: null, spent: null, by: 'operator' }
  const invite: Invite = { ...blank, state: 'live', ...more, id }
  known.set(id, invite)
  return invite
}
