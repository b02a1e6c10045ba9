// Alias strings (Rooms 2, "Alias string") and what their owner signs to register one (Rooms 2, "Registration"). Pure.

import ssbKeys, { type Keys } from 'ssb-keys'
import type { FeedId } from './feed-id.js'

/** A label of RFC 1035, in lower case: it becomes part of a host name. */
const LABEL = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Names that are, or look like, our own paths and machines: nobody may speak for the relay. */
const RESERVED = new Set([
  ...[
    'admin',
    'administrator',
    'alias',
    'api',
    'assets',
    'dashboard',
    'healthz',
    'host',
    'invite',
    'join',
    'language',
    'login',
  ],
  ...[
    'logout',
    'mail',
    'moderator',
    'notice',
    'operator',
    'relay',
    'room',
    'root',
    'setup',
    'support',
    'system',
    'tidepool',
  ],
  ...['well-known', 'whois', 'www'],
])

/** A name as it is looked up: who asks for `Bob` means `bob`. */
export function normalAlias(text: string): string {
  // of ASCII alone: toLowerCase makes a `k` of a Kelvin sign
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** True for a string that has the form of an alias, reserved ones included. */
export function isLabel(value: unknown): value is string {
  return typeof value === 'string' && LABEL.test(value)
}

/** As a host name, such a label is read as something else: `xn--dmin-koa` is shown as ädmin (RFC 5891, 4.2.3.1). */
const ENCODED = /^..--/

/** True for a string that may be registered. */
export function isAlias(value: unknown): value is string {
  return isLabel(value) && !RESERVED.has(value) && !ENCODED.test(value)
}

function registrationOf(room: FeedId, user: FeedId, alias: string): string {
  return `=room-alias-registration:${room}:${user}:${alias}`
}

const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==\.sig\.ed25519$/

/** True if `signature` is `user`'s own over registering `alias` at this room, and nothing else. */
export function isRegistration(
  room: FeedId,
  user: FeedId,
  alias: string,
  signature: unknown,
): signature is string {
  if (typeof signature !== 'string' || !SIGNATURE.test(signature)) return false
  return ssbKeys.verify({ public: user.slice(1) }, signature, registrationOf(room, user, alias))
}

/** What a client sends: its signature over the registration. */
export function signRegistration(keys: Keys, room: FeedId, alias: string): string {
  return ssbKeys.sign(keys, registrationOf(room, keys.id, alias))
}
