// The relay's own feed: the only one we sign. Publishing happens inside a write, so two messages never share a tip.

import type { Keys } from 'ssb-keys'
import { RelayError } from '../errors.js'
import { type KeyedMessage, parseStored, signMessage } from '../ssb/message.js'
import type { Feeds } from './feeds.js'
import type { AfterFlush } from './writer.js'

export interface OwnFeed {
  id: string
  /**
   * Inside a write: signs and stores the next message, and answers it as clients get it.
   * @throws RelayError `recovering` while held
   */
  publish(content: Record<string, unknown>, afterFlush: AfterFlush): KeyedMessage
  /** Nothing is published until `release`: while it is not known how far the feed has come. */
  hold(): void
  release(): void
  /** Every message of ours from the first on, a page at a time. */
  history(): Iterable<KeyedMessage>
}

const PAGE = 256

/**
 * @param keys the relay's identity
 * @param now  Unix ms
 */
export function createOwnFeed(keys: Keys, feeds: Feeds, now: () => number): OwnFeed {
  let held = false
  return {
    id: keys.id,
    hold() {
      held = true
    },
    release() {
      held = false
    },
    publish(content, afterFlush) {
      if (held) throw new RelayError('recovering')
      const message = signMessage(keys, feeds.tip(keys.id), content, now())
      return parseStored(feeds.appendOwn(message, afterFlush))
    },
    *history() {
      for (let from = 1; ; ) {
        const page = feeds.read(keys.id, from, PAGE)
        for (const { bytes } of page) yield parseStored(bytes)
        const last = page.at(-1)
        if (!last) return
        from = last.sequence + 1
      }
    },
  }
}
