// The relay's own feed: the only one we sign. Publishing happens inside a write, so two messages never share a tip.

import type { Keys } from 'ssb-keys'
import { RelayError } from '../lib/errors.js'
import { PLAUSIBLE_NOW } from '../lib/limits.js'
import { type KeyedMessage, parseStored, signMessage } from '../ssb/message.js'
import type { Feeds } from './feeds.js'
import type { AfterFlush } from './writer.js'

export interface RelayFeed {
  id: string
  /**
   * Inside a write: signs and stores the next message, and answers it as clients get it.
   * @throws RelayError `recovering` while held
   */
  publish(content: Record<string, unknown>, afterFlush: AfterFlush): KeyedMessage
  /** Nothing is published until `release`: while it is not known how far the feed has come. */
  hold(): void
  release(): void
  /** Up to `count` messages of ours from a sequence on; none at the end. */
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
  /** when our newest message says it was made */
  let last: number | null = null

  /** Later than our last message, whatever the clock says: it may wake up in 1970, and readers order by time. */
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
      // while it was held, more of it came in from others
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
