// What parts of the relay take from the configuration, in the units they count in.

import { SECOND } from '../lib/limits.js'
import type { Config } from './config.js'

/** Bytes of messages that the store takes. */
export function feedLimits({ store }: Config): { maxBytes: number; maxFeedBytes: number } {
  return { maxBytes: store.max_bytes, maxFeedBytes: store.max_feed_bytes }
}

/** How many tunnels there may be, and what one may carry: bytes and milliseconds. */
export function tunnelCaps({ room }: Config): Record<'total' | 'perPeer' | 'bytes' | 'ms', number> {
  const { tunnels: total, tunnels_per_peer: perPeer, tunnel_bytes: bytes, tunnel_seconds } = room
  return { total, perPeer, bytes, ms: tunnel_seconds * SECOND }
}

/** What the pages may hand out. */
export function siteLimits({ invite }: Config): { captcha: boolean; perHour: number; expiresDays: number } {
  return { captcha: invite.captcha, perHour: invite.per_hour, expiresDays: invite.expires_days }
}
