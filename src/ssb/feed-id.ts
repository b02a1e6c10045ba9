// SPDX-License-Identifier: AGPL-3.0-or-later
// Feed ids: `@<base64 of an ed25519 public key>.ed25519`. Checks them and converts them to keys of 32 bytes.

import { RelayError } from '../lib/errors.js'

export type FeedId = string

/** Bytes of an ed25519 public key. */
export const KEY_BYTES = 32

// 32 bytes are 43 base64 characters and one `=`. The last character has four significant bits: only 16 characters are
// canonical there. Others would be a second spelling of the same key.
const FEED_ID = /^@[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\.ed25519$/

/** True for a canonical classic feed id. */
export function isFeedId(value: unknown): value is FeedId {
  return typeof value === 'string' && value.length === 53 && FEED_ID.test(value)
}

/** A feed id as an SSB URI: `ssb:feed/ed25519/…` in base64url, also with the slashes that some apps write. */
const FEED_URI = /^(?:web\+)?ssb:(?:\/\/)?feed[/:](?:ed25519|classic)[/:]([A-Za-z0-9_-]{43}=?)(?:[?#].*)?$/i

/**
 * Reads a feed id that a user has typed or copied: with spaces or quotes around it, or as an SSB URI.
 * @returns null if it is not a feed id
 */
export function readFeedId(value: unknown): FeedId | null {
  if (typeof value !== 'string' || value.length > FEED_TEXT_CHARS) return null
  const text = value.trim().replace(/^(["'])(.*)\1$/, '$2')
  const [, key] = FEED_URI.exec(text) ?? []
  const id =
    key === undefined ? text : `@${key.replace('=', '').replaceAll('-', '+').replaceAll('_', '/')}=.ed25519`
  return isFeedId(id) ? id : null
}

/** Characters of text that can be a feed id; a URI can have a query. */
const FEED_TEXT_CHARS = 512

/**
 * The public key of a feed id.
 * @throws RelayError `bad_feed_id`
 */
export function keyOf(id: FeedId): Buffer {
  if (!isFeedId(id)) throw new RelayError('bad_feed_id')
  return Buffer.from(id.slice(1, -8), 'base64')
}

/** The feed id of a public key. @param key 32 bytes */
export function feedIdOf(key: Uint8Array): FeedId {
  return `@${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64')}.ed25519`
}
