// SPDX-License-Identifier: AGPL-3.0-or-later
// The admission table (docs/protocol.md), cell by cell, and the calls by which tests check a cell.

import ssbKeys, { type Keys } from 'ssb-keys'
import type { Test } from 'tap'
import { ERRORS, type ErrorCode, isErrorCode } from '../../src/lib/errors.js'
import { signRegistration } from '../../src/ssb/alias.js'
import { END, type Frame, JSON_BODY, type RawClient, STREAM } from './raw.js'

export const MODES = ['open', 'community', 'restricted'] as const
export type Mode = (typeof MODES)[number]

/** Every method, in an order in which they can be called one after the other. */
export const METHODS = {
  manifest: 'sync',
  whoami: 'sync',
  'gossip.ping': 'duplex',
  'invite.use': 'async',
  follow: 'async',
  createHistoryStream: 'source',
  'room.metadata': 'async',
  'room.attendants': 'source',
  'room.members': 'source',
  'room.createInvite': 'async',
  'room.registerAlias': 'async',
  'room.listAliases': 'async',
  'room.revokeAlias': 'async',
  'tunnel.isRoom': 'async',
  'tunnel.announce': 'sync',
  'tunnel.endpoints': 'source',
  'tunnel.ping': 'sync',
  'tunnel.whois': 'async',
  'tunnel.connect': 'duplex',
  'tunnel.leave': 'sync',
  'room.connect': 'duplex',
  'room.ping': 'sync',
  'httpAuth.sendSolution': 'async',
  'httpAuth.invalidateAllSolutions': 'async',
} as const
export type Method = keyof typeof METHODS

export type Cells = Record<Method, 'ok' | ErrorCode>

/** A row: granted methods, methods with another error, and `not_allowed` for all others. */
function row(granted: Method[], but: Partial<Cells> = {}): Cells {
  const cells = Object.keys(METHODS).map((method) => [
    method,
    granted.includes(method as Method) ? 'ok' : 'not_allowed',
  ])
  return { ...Object.fromEntries(cells), ...but }
}

const ALL: Method[] = ['manifest', 'whoami', 'gossip.ping']
const INTERNAL: Method[] = [
  ...ALL,
  'room.metadata',
  'room.attendants',
  'tunnel.isRoom',
  'tunnel.announce',
  'tunnel.endpoints',
  'tunnel.ping',
  'tunnel.whois',
  'tunnel.connect',
  'tunnel.leave',
  'room.connect',
  'room.ping',
]
const EXTERNAL: Method[] = [
  ...ALL,
  'room.metadata',
  'tunnel.isRoom',
  'tunnel.connect',
  'tunnel.ping',
  'tunnel.whois',
  'room.connect',
  'room.ping',
]
const FOLLOWED: Method[] = [
  ...INTERNAL,
  'createHistoryStream',
  'room.members',
  'httpAuth.sendSolution',
  'httpAuth.invalidateAllSolutions',
]
const VOUCHERS: Method[] = ['follow', 'room.createInvite']
const NAMED: Method[] = ['room.registerAlias', 'room.listAliases', 'room.revokeAlias']

const GUEST = row([...ALL, 'invite.use'])
const MEMBER = row([...FOLLOWED, ...VOUCHERS, ...NAMED])
// a caller with a code that is not ours is a stranger, and gets that error
const STRANGER = { 'invite.use': 'invite_unknown' } as const
// no aliases, so none is found
const HIDDEN = { 'tunnel.whois': 'not_found' } as const
const WARDEN = row([...FOLLOWED, ...VOUCHERS], HIDDEN)

/** `refused` means in the handshake. */
export const TABLE: Record<Mode, Record<string, Cells | 'refused'>> = {
  open: {
    blocked: 'refused',
    guest: GUEST,
    stranger: row(INTERNAL, STRANGER),
    member: MEMBER,
    moderator: MEMBER,
    admin: MEMBER,
  },
  community: {
    blocked: 'refused',
    guest: GUEST,
    // aliases are for members to look up
    stranger: row(EXTERNAL, { ...STRANGER, ...HIDDEN }),
    member: MEMBER,
    moderator: MEMBER,
    admin: MEMBER,
  },
  restricted: {
    blocked: 'refused',
    guest: GUEST,
    stranger: 'refused',
    member: row(FOLLOWED, HIDDEN),
    moderator: WARDEN,
    admin: WARDEN,
  },
}

/** What a call needs to succeed where it is allowed. */
export interface Setting {
  keys: Keys
  relay: string
  /** a registered alias, and a member that accepts tunnels */
  alias: string
  target: string
}

let names = 0

function argumentsOf(method: Method, { keys, relay, alias, target }: Setting): unknown[] {
  const feed = ssbKeys.generate().id
  switch (method) {
    case 'gossip.ping':
      return [{ timeout: 10_000 }]
    case 'invite.use':
    case 'follow':
      return [{ feed }]
    case 'createHistoryStream':
      return [{ id: feed }]
    case 'room.createInvite':
      return [{}]
    case 'room.registerAlias':
      names += 1
      return [`name-${names}`, signRegistration(keys, relay, `name-${names}`)]
    case 'room.revokeAlias':
      return [`name-${names}`]
    case 'tunnel.whois':
      return [alias]
    case 'tunnel.connect':
    case 'room.connect':
      return [{ portal: relay, target }]
    default:
      return []
  }
}

/** Calls a method with valid arguments; returns `ok` or the error code. */
export async function outcome(t: Test, raw: RawClient, method: Method, setting: Setting): Promise<string> {
  const request = raw.call(method, METHODS[method], JSON.stringify(argumentsOf(method, setting)))
  if (method === 'gossip.ping') raw.send('1', { flags: JSON_BODY | STREAM, request })
  const frame = await raw.answer(request)
  return isRefusal(frame) ? refusalIn(t, frame) : 'ok'
}

/** A stream that ends without an error ends with `true`. */
export const isRefusal = ({ flags, body }: Frame): boolean => (flags & END) !== 0 && body !== 'true'

/** The code of an error, after a check that the error has the right fields and no others. */
export function refusalIn(t: Test, { body }: Frame): string {
  const { name, message, code, ...more } = JSON.parse(body)
  if (!isErrorCode(code) || Object.keys(more).length > 0) t.fail('a refusal of another shape', { body })
  else if (!message.startsWith(ERRORS[code].words)) t.fail('words that do not go with the code', { body })
  if (name !== 'Error') t.fail('a name that is not Error', { body })
  return code
}
