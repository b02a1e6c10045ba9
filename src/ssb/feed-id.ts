// Feed ids: `@<base64 of an ed25519 public key>.ed25519`, checked, and turned into the 32 bytes the store keys by.

import { RelayError } from '../lib/errors.js'

export type FeedId = string

/** Bytes of an ed25519 public key. */
export const KEY_BYTES = 32

// 32 bytes are 43 base64 characters and one `=`; the last character carries four significant bits, so only
// sixteen of the alphabet are canonical there. Anything else would be a second spelling of the same key.
const FEED_ID = /^@[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\.ed25519$/

/** True for a canonical classic feed id. */
export function isFeedId(value: unknown): value is FeedId {
  return typeof value === 'string' && value.length === 53 && FEED_ID.test(value)
}

/** A feed id as an SSB URI, also with slashes as some apps write it: `ssb:feed/ed25519/…` in base64url. */
const FEED_URI = /^(?:web\+)?ssb:(?:\/\/)?feed[/:](?:ed25519|classic)[/:]([A-Za-z0-9_-]{43}=?)(?:[?#].*)?$/i

/**
 * The feed id that a person has written or copied: as it is, with spaces or quotes around it, or as an SSB URI.
 * @returns null where it is none
 */
export function readFeedId(value: unknown): FeedId | null {
  if (typeof value !== 'string' || value.length > FEED_TEXT_CHARS) return null
  const text = value.trim().replace(/^(["'])(.*)\1$/, '$2')
  const [, key] = FEED_URI.exec(text) ?? []
  const id =
    key === undefined ? text : `@${key.replace('=', '').replaceAll('-', '+').replaceAll('_', '/')}=.ed25519`
  return isFeedId(id) ? id : null
}

/** Characters of text that may be a feed id: a URI may carry more than it needs. */
const FEED_TEXT_CHARS = 512

/**
 * The public key of a feed id.
 * @throws RelayError `bad_feed_id` for text that nobody has checked: the store would fail at a key that is empty or long
 */
export function keyOf(id: FeedId): Buffer {
  if (!isFeedId(id)) throw new RelayError('bad_feed_id')
  return Buffer.from(id.slice(1, -8), 'base64')
}

/** The feed id of a public key of 32 bytes. */
export function feedIdOf(key: Uint8Array): FeedId {
  return `@${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64')}.ed25519`
}
