// SPDX-License-Identifier: AGPL-3.0-or-later
// Invite codes (protocol guide, "Invites"): `host:port:@key.ed25519~seed`. Pure.

import ssbKeys from 'ssb-keys'
import { RelayError } from '../lib/errors.js'
import { type FeedId, isFeedId, keyOf } from './feed-id.js'

/** Bytes of an invite's seed. Client and relay derive the guest key pair from it. */
export const SEED_BYTES = 32

/** An address of the relay in an invite code. */
export interface HostPort {
  host: string
  port: number
}

export interface InviteCode extends HostPort {
  /** the relay's id */
  relay: FeedId
  seed: Buffer
}

/** Longest code that is parsed. An onion host, a port, a key and a seed have 170 characters. */
const CODE_CHARS = 512

/** Formats a code. IPv6 hosts have no brackets: clients split at the last two colons before the `@`. */
export function formatInviteCode({ host, port, relay, seed }: InviteCode): string {
  return `${host}:${port}:${relay}~${seed.toString('base64')}`
}

/**
 * Parses a code; ignores quotes and spaces around it.
 * @throws RelayError `invite_malformed`
 */
export function parseInviteCode(text: string): InviteCode {
  const code = text.trim().replace(/^"(.*)"$/, '$1')
  const match = code.length > CODE_CHARS ? null : /^(.+):(\d{1,5}):(@[^~]+)~([A-Za-z0-9+/]{43}=)$/.exec(code)
  const [, host, port, relay, seed] = match ?? []
  if (!host || !port || !seed || !isFeedId(relay) || Number(port) < 1 || Number(port) > 65535) {
    throw new RelayError('invite_malformed', 'the form is host:port:@key.ed25519~seed')
  }
  return { host, port: Number(port), relay, seed: Buffer.from(seed, 'base64') }
}

/** 32 bytes in canonical base64url. */
const TOKEN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/**
 * The seed as the token of an invite link. Code and link have the same secret, so they are one invite with one count of
 * uses. The relay stores only the guest's public key.
 */
export function tokenOf(seed: Buffer): string {
  return seed.toString('base64url')
}

/** The seed of a token; null if the token is malformed. */
export function seedOf(token: unknown): Buffer | null {
  return typeof token === 'string' && TOKEN.test(token) ? Buffer.from(token, 'base64url') : null
}

/** The feed id of the guest key of a seed. The relay stores it, never the seed. */
export function guestIdOf(seed: Buffer): FeedId {
  return ssbKeys.generate('ed25519', seed).id
}

/** The guest's public key, 32 bytes: the store's key of an invite. */
export function guestKeyOf(seed: Buffer): Buffer {
  return keyOf(guestIdOf(seed))
}
