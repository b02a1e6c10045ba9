// SPDX-License-Identifier: AGPL-3.0-or-later
// Deletes feeds in bounded steps: the write that removes a feed marks it, and its messages are deleted step by step.

import { RelayError } from '../lib/errors.js'
import { PROGRESS_MS } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { feedIdOf, KEY_BYTES } from '../ssb/feed-id.js'
import type { FeedMessages } from './feed-messages.js'
import { deletionKey, type FeedRecord, GENERATIONS, type Tables } from './layout.js'
import type { AfterFlush, Writer } from './writer.js'

export interface Deletions {
  /** Inside a write: marks a feed's messages for deletion and deletes the first step; later steps follow on their own. */
  mark(author: Buffer, record: FeedRecord, afterFlush: AfterFlush): void
  /** Inside a write: returns a generation of which no messages are left. @throws RelayError `busy` */
  freeGeneration(author: Buffer): number
  /** Continues deleting, after a start or a failed step. */
  resume(): void
  /** What is left to delete. */
  progress(): { feeds: number; messages: number; bytes: number }
  /** Stops after the current step; the marks remain for the next start. */
  close(): Promise<void>
}

/**
 * @param onFreed called with the number of freed bytes, after the flush
 * @param now     Unix ms
 */
export function createDeletions(
  { deletions }: Pick<Tables, 'deletions'>,
  writer: Writer,
  messages: FeedMessages,
  {
    log,
    now,
    uptime,
    onFreed,
  }: { log: Log; now: () => number; uptime: () => number; onFreed(bytes: number): void },
): Deletions {
  let running: Promise<void> | null = null
  let closed = false
  const left = { messages: 0, bytes: 0 }
  for (const { value } of deletions.getRange({})) {
    left.messages += value.messages
    left.bytes += value.bytes
  }

  /** One step of one feed. @returns whether it was the last */
  function step(key: Buffer, afterFlush: AfterFlush): boolean {
    const place = { author: key.subarray(0, KEY_BYTES), generation: key[KEY_BYTES] as number }
    const row = deletions.get(key)
    if (!row) return true
    const { messages: gone, bytes, done } = messages.deleteSome(place)
    // A wrong record has a wrong count too: the last step removes whatever the count still says.
    const freed = done ? row.bytes : Math.min(bytes, row.bytes)
    const fewer = done ? row.messages : Math.min(gone, row.messages)
    if (done) deletions.removeSync(key)
    else deletions.putSync(key, { ...row, messages: row.messages - fewer, bytes: row.bytes - freed })
    afterFlush(() => {
      left.messages -= fewer
      left.bytes -= freed
      onFreed(freed)
    })
    return done
  }

  function next(): Buffer | null {
    for (const key of deletions.getKeys({ limit: 1 })) return Buffer.from(key)
    return null
  }

  async function run(): Promise<void> {
    let told = uptime()
    for (let key = next(); key && !closed; key = next()) {
      const at = key
      const feed = feedIdOf(at.subarray(0, KEY_BYTES))
      while (!closed && !(await writer.submit((afterFlush) => step(at, afterFlush)))) {
        if (uptime() - told < PROGRESS_MS) continue
        told = uptime()
        log.info({ feed, left: left.messages }, 'feed deletion progress')
      }
      if (!closed) log.debug({ feed }, 'feed deleted')
    }
  }

  function resume(): void {
    if (running || closed) return
    running = run()
      .catch((err) => {
        if (!closed) log.error({ err }, 'feed deletion failed')
      })
      .finally(() => {
        running = null
      })
  }

  return {
    mark(author, record, afterFlush) {
      if (record.count === 0) return
      const key = deletionKey(author, record.generation ?? 0)
      const { count, bytes } = record
      deletions.putSync(key, { messages: count, bytes, since: now() })
      afterFlush(() => {
        left.messages += count
        left.bytes += bytes
      })
      // Most feeds are small and are deleted in this one step.
      if (!step(key, afterFlush)) afterFlush(resume)
    },

    freeGeneration(author) {
      const range = { start: deletionKey(author, 0), end: Buffer.concat([author, Buffer.alloc(2, 0xff)]) }
      const taken = new Set([...deletions.getKeys(range)].map((key) => key[KEY_BYTES]))
      for (let generation = 0; generation < GENERATIONS; generation++)
        if (!taken.has(generation)) return generation
      throw new RelayError('busy', 'this feed is still being deleted')
    },

    resume,
    progress: () => ({ feeds: (deletions.getStats() as { entryCount: number }).entryCount, ...left }),

    async close() {
      closed = true
      await running
    },
  }
}
