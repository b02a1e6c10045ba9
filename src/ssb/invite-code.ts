// Invite codes as the protocol guide defines them: `host:port:@key.ed25519~seed`. Pure: makes and reads them.

import ssbKeys from 'ssb-keys'
import { RelayError } from '../lib/errors.js'
import { type FeedId, isFeedId, keyOf } from './feed-id.js'

/** Bytes of an invite's seed, from which client and relay derive the same guest key pair. */
export const SEED_BYTES = 32

/** An address of ours, as an invite code names it. */
export interface HostPort {
  host: string
  port: number
}

export interface InviteCode extends HostPort {
  /** the relay that made it */
  relay: FeedId
  seed: Buffer
}

/** The longest code worth reading: an onion host, a port, a key and a seed make 170 characters. */
const CODE_CHARS = 512

/** Writes a code. IPv6 hosts are written bare, as clients split at the last two colons before the `@`. */
export function formatInviteCode({ host, port, relay, seed }: InviteCode): string {
  return `${host}:${port}:${relay}~${seed.toString('base64')}`
}

/**
 * Reads a code, forgiving the quotes and spaces that copying leaves around it.
 * @throws RelayError `invite_malformed`
 */
export function parseInviteCode(text: string): InviteCode {
  const code = text.trim().replace(/^"(.*)"$/, '$1')
  const match = code.length > CODE_CHARS ? null : /^(.+):(\d{1,5}):(@[^~]+)~([A-Za-z0-9+/]{43}=)$/.exec(code)
  const [, host, port, relay, seed] = match ?? []
  if (!host || !port || !seed || !isFeedId(relay) || Number(port) < 1 || Number(port) > 65535) {
    throw new RelayError('invite_malformed', 'a code looks like host:port:@key.ed25519~seed')
  }
  return { host, port: Number(port), relay, seed: Buffer.from(seed, 'base64') }
}

/** 32 bytes in base64url, the last character with four significant bits: one spelling per seed. */
const TOKEN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/**
 * A seed as the token of an invite's link. Code and link are two spellings of one secret, so that they are one invite, used
 * once by whichever of them; what the relay keeps, the guest's public key, is a one-way image of both.
 */
export function tokenOf(seed: Buffer): string {
  return seed.toString('base64url')
}

/** The seed of a token; null for what cannot be one of ours. */
export function seedOf(token: unknown): Buffer | null {
  return typeof token === 'string' && TOKEN.test(token) ? Buffer.from(token, 'base64url') : null
}

/** The feed id of the guest key made from a seed; the relay keeps this and never the seed. */
export function guestIdOf(seed: Buffer): FeedId {
  return ssbKeys.generate('ed25519', seed).id
}

/** The guest's public key bytes, by which the store keeps an invite. */
export function guestKeyOf(seed: Buffer): Buffer {
  return keyOf(guestIdOf(seed))
}
