// SPDX-License-Identifier: AGPL-3.0-or-later
// Makes feeds of real, signed messages, in order or with faults.

import ssbKeys, { type Keys } from 'ssb-keys'
import { type MessageValue, signMessage } from '../../src/ssb/message.js'

export interface TestFeed {
  keys: Keys
  id: string
  messages: MessageValue[]
  /** signs `count` more posts and answers them */
  post(count: number, text?: string): MessageValue[]
  /** signs a message with this content */
  publish(content: Record<string, unknown>): MessageValue
}

export function createTestFeed(keys: Keys = ssbKeys.generate()): TestFeed {
  let previous: { sequence: number; hash: string } | null = null
  const messages: MessageValue[] = []
  function publish(content: Record<string, unknown>): MessageValue {
    const message = signMessage(keys, previous, content, 1_600_000_000_000 + messages.length)
    previous = { sequence: message.sequence, hash: message.hash }
    const value = JSON.parse(message.json) as MessageValue
    messages.push(value)
    return value
  }
  return {
    keys,
    id: keys.id,
    messages,
    publish,
    post: (count, text = 'the tide comes in') =>
      Array.from({ length: count }, () => publish({ type: 'post', text: `${text} ${messages.length + 1}` })),
  }
}

/** A client's own `createHistoryStream` over a test feed, as the relay will call it. */
export function historyOf(feed: TestFeed) {
  return (options: { id: string; sequence?: number; seq?: number; limit?: number }) => {
    const from = options.sequence ?? options.seq ?? 1
    const rest =
      options.id === feed.id ? feed.messages.filter((m) => m.sequence >= from).slice(0, options.limit) : []
    let at = 0
    return (abort: unknown, cb: (end: unknown, data?: unknown) => void) => {
      if (abort) return cb(abort)
      const value = rest[at++]
      if (value) cb(null, { key: 'ignored', value, timestamp: 0 })
      else cb(true)
    }
  }
}
