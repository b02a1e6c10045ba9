// What each row of the admission table may call: the one place where methods are allowed, and the gate that checks it.

import { RelayError } from '../lib/errors.js'
import type { PrivacyMode } from '../store/settings.js'
import { type CallerClass, callLimit, type Permissions, type Session } from './session.js'

const EVERYONE = ['manifest', 'whoami', 'gossip.ping']

/** What an internal user of the room has: it is listed, may list, and may be dialled. */
const ROOM = [
  ...['room.metadata', 'room.attendants'],
  ...[
    'tunnel.isRoom',
    'tunnel.announce',
    'tunnel.leave',
    'tunnel.endpoints',
    'tunnel.connect',
    'tunnel.ping',
  ],
  'tunnel.whois',
]
/** What an external user has: it may knock at doors it knows, and look at no list. */
const OUTSIDE = ['room.metadata', 'tunnel.isRoom', 'tunnel.connect', 'tunnel.ping', 'tunnel.whois']
const FEEDS = ['createHistoryStream']
const VOUCHING = ['follow', 'room.createInvite']
const ALIASES = ['room.registerAlias', 'room.revokeAlias', 'room.listAliases']

const SIGN_IN = ['httpAuth.sendSolution', 'httpAuth.invalidateAllSolutions']

const MEMBER = [...EVERYONE, ...ROOM, ...FEEDS, ...SIGN_IN, 'room.members']

type Table = Record<PrivacyMode, Record<CallerClass, ReadonlySet<string>>>

const GUEST: ReadonlySet<string> = new Set([...EVERYONE, 'invite.use'])
const FULL: ReadonlySet<string> = new Set([...MEMBER, ...VOUCHING, ...ALIASES])
const FOLLOWED = { member: FULL, moderator: FULL, admin: FULL }
/** In a restricted room moderators alone bring people in, and nobody has a name. */
const VOUCHERS: ReadonlySet<string> = new Set([...MEMBER, ...VOUCHING])

/** docs/protocol.md, "Who may connect", row by row; blocked callers and strangers of a restricted room never get here. */
const ALLOWED: Table = {
  open: { guest: GUEST, stranger: new Set([...EVERYONE, ...ROOM]), ...FOLLOWED },
  community: { guest: GUEST, stranger: new Set([...EVERYONE, ...OUTSIDE]), ...FOLLOWED },
  restricted: {
    guest: GUEST,
    stranger: new Set(),
    member: new Set(MEMBER),
    moderator: VOUCHERS,
    admin: VOUCHERS,
  },
}

/** Most arguments any method of ours takes is two; what is beyond a few is nonsense and refused. */
const ARGUMENTS = 4

/** What a row may call in a mode, as dotted names. */
export function allowedTo(row: CallerClass, mode: PrivacyMode): ReadonlySet<string> {
  return ALLOWED[mode][row]
}

/** True for those who have a tunnel address here (Rooms 2, "Internal user"). */
export function isInternal(row: CallerClass, mode: PrivacyMode): boolean {
  return row === 'stranger' ? mode === 'open' : row !== 'guest'
}

/**
 * The gate of one connection. muxrpc asks it before every call, with the argument list it will call the method with:
 * here the caller's session becomes the first argument, so that methods know the connection and not just a key,
 * of which a client may have two.
 * @param mode    read at every call: a change of mode holds for calls that come after it
 * @param tunnels that one peer may have open
 */
export function permissionsFor(session: Session, mode: () => PrivacyMode, tunnels: number): Permissions {
  function pre(name: unknown, args: unknown): Error | undefined {
    const path = Array.isArray(name) ? name.join('.') : String(name)
    if (!allowedTo(session.row, mode()).has(path)) {
      // The key of a code that we do not know makes its holder a stranger here: the words are about the code.
      if (path === 'invite.use' && session.row === 'stranger') return new RelayError('invite_unknown')
      // muxrpc's own words to the end: clients look for them to tell a room of an older kind
      return new RelayError('not_allowed', `method:${path.slice(0, 64)} is not in list of allowed methods`)
    }
    if (!Array.isArray(args) || args.length > ARGUMENTS) return new RelayError('bad_argument')
    if (session.calls >= callLimit(session.row, tunnels)) return new RelayError('busy')
    args.unshift(session)
    return undefined
  }
  return { allow: [...allowedTo(session.row, mode())], deny: null, pre, test: pre, post() {} }
}
