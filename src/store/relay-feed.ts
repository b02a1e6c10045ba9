// SPDX-License-Identifier: AGPL-3.0-or-later
// The relay's own feed, the only one it signs. Publishing is part of a write, so two messages never share a `previous`.

import type { Keys } from 'ssb-keys'
import { RelayError } from '../lib/errors.js'
import { PLAUSIBLE_NOW } from '../lib/limits.js'
import { type KeyedMessage, parseStored, signMessage } from '../ssb/message.js'
import type { Feeds } from './feeds.js'
import type { AfterFlush } from './writer.js'

export interface RelayFeed {
  id: string
  /**
   * Inside a write: signs and stores the next message, and returns it as clients get it.
   * @throws RelayError `recovering` between `hold` and `release`
   */
  publish(content: Record<string, unknown>, afterFlush: AfterFlush): KeyedMessage
  /** Rejects publishing until `release`, while the feed's last sequence is not known. */
  hold(): void
  release(): void
  /** Up to `count` of our messages from a sequence on; none at the end. */
  read(from: number, count: number): KeyedMessage[]
  /** Highest sequence, 0 for an empty feed. */
  latest(): number
}

/**
 * @param keys the relay's identity
 * @param now  Unix ms
 */
export function createRelayFeed(keys: Keys, feeds: Feeds, now: () => number): RelayFeed {
  let held = false
  /** timestamp of our newest message */
  let last: number | null = null

  /** Later than our last message, even if the clock starts in 1970: readers order by timestamp. */
  function nextTime(latest: number): number {
    const [newest] = last === null && latest > 0 ? feeds.read(keys.id, latest, 1) : []
    const before = last ?? (newest ? parseStored(newest.bytes).value.timestamp : PLAUSIBLE_NOW)
    last = Math.max(now(), before + 1)
    return last
  }

  return {
    id: keys.id,
    hold() {
      held = true
    },
    release() {
      held = false
      // meanwhile, messages of ours may have been received from peers
      last = null
    },
    publish(content, afterFlush) {
      if (held) throw new RelayError('recovering')
      const tip = feeds.tip(keys.id)
      const message = signMessage(keys, tip, content, nextTime(tip?.sequence ?? 0))
      return parseStored(feeds.appendOwn(message, afterFlush))
    },
    latest: () => feeds.tip(keys.id)?.sequence ?? 0,
    read: (from, count) => feeds.read(keys.id, from, count).map(({ bytes }) => parseStored(bytes)),
  }
}
