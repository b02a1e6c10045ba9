// SPDX-License-Identifier: AGPL-3.0-or-later
// Alias strings and their registration signatures (Rooms 2, "Alias string" and "Registration"). Pure.

import ssbKeys, { type Keys } from 'ssb-keys'
import type { FeedId } from './feed-id.js'

/** A lower-case label (RFC 1035): an alias can become part of a host name. */
const LABEL = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Path and role names: an alias must not look like a part of the relay. */
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

/** Converts an alias to lower case for a lookup. */
export function normalAlias(text: string): string {
  // ASCII only: toLowerCase turns the Kelvin sign into `k`
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** True for an alias's form, also for a reserved one. */
export function isLabel(value: unknown): value is string {
  return typeof value === 'string' && LABEL.test(value)
}

/** Browsers decode such labels: `xn--dmin-koa` is shown as ädmin (RFC 5891, 4.2.3.1). */
const ENCODED = /^..--/

/** True for an alias that can be registered. */
export function isAlias(value: unknown): value is string {
  return isLabel(value) && !RESERVED.has(value) && !ENCODED.test(value)
}

function registrationOf(room: FeedId, user: FeedId, alias: string): string {
  return `=room-alias-registration:${room}:${user}:${alias}`
}

const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==\.sig\.ed25519$/

/** True if `signature` is the user's signature for registering `alias` in this room. */
export function isRegistration(
  room: FeedId,
  user: FeedId,
  alias: string,
  signature: unknown,
): signature is string {
  if (typeof signature !== 'string' || !SIGNATURE.test(signature)) return false
  return ssbKeys.verify({ public: user.slice(1) }, signature, registrationOf(room, user, alias))
}

/** Signs a registration, as a client does. */
export function signRegistration(keys: Keys, room: FeedId, alias: string): string {
  return ssbKeys.sign(keys, registrationOf(room, keys.id, alias))
}
