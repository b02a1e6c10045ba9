// SPDX-License-Identifier: AGPL-3.0-or-later
// Packs messages that an older version stored one by one, in bounded steps after the first start of this version.

import { PROGRESS_MS } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { FeedMessages } from './feed-messages.js'
import type { Tables } from './layout.js'
import type { Writer } from './writer.js'

/** Progress: the current feed (hex; empty before the first) and the next sequence in it; 0 for the next feed. */
interface Progress {
  author: string
  from: number
}

const KEY = Buffer.from('repack')
/** Feeds in one write: most are small, and one flush for each would take minutes on an SD card. */
const FEEDS_PER_STEP = 16

export interface Repack {
  /** Stops after the current step; the next start continues. */
  close(): Promise<void>
}

/** Inside a write: marks all feeds for packing. */
export function markForRepack({ meta }: Pick<Tables, 'meta'>): void {
  meta.putSync(KEY, { author: '', from: 0 } satisfies Progress)
}

/** Continues packing what `markForRepack` has marked. */
export function startRepack(
  { meta, feeds }: Pick<Tables, 'meta' | 'feeds'>,
  writer: Writer,
  messages: FeedMessages,
  { log, uptime }: { log: Log; uptime: () => number },
): Repack {
  let closed = false

  function nextAuthor(author: string): string | null {
    const start = Buffer.concat([Buffer.from(author, 'hex'), Buffer.alloc(author ? 1 : 0)])
    for (const key of feeds.getKeys({ start, limit: 1 })) return key.toString('hex')
    return null
  }

  /** One step of one feed, or on to the next. @returns null after the last feed */
  function advance({ author, from }: Progress): Progress | null {
    if (from === 0) {
      const next = nextAuthor(author)
      return next === null ? null : { author: next, from: 1 }
    }
    const key = Buffer.from(author, 'hex')
    const record = feeds.get(key)
    if (!record) return { author, from: 0 }
    const next = messages.packSome({ author: key, generation: record.generation ?? 0 }, record, from)
    feeds.putSync(key, record)
    return { author, from: next ?? 0 }
  }

  /** @returns whether there is more to do */
  function step(): boolean {
    let progress = (meta.get(KEY) as Progress | undefined) ?? null
    for (let feeds = 0; progress && feeds < FEEDS_PER_STEP; ) {
      progress = advance(progress)
      // A large feed has writes of its own.
      if (progress && progress.from > 1) break
      if (progress?.from === 0) feeds += 1
    }
    if (progress) meta.putSync(KEY, progress)
    else meta.removeSync(KEY)
    return progress !== null
  }

  async function run(): Promise<void> {
    if (meta.get(KEY) === undefined) return
    log.info('packing messages')
    let told = uptime()
    let steps = 0
    while (!closed && (await writer.submit(step))) {
      steps += 1
      if (uptime() - told < PROGRESS_MS) continue
      told = uptime()
      log.info({ steps }, 'packing messages')
    }
    if (!closed) log.info('messages packed')
  }

  const running = run().catch((err) => {
    if (!closed) log.error({ err }, 'packing messages failed')
  })
  return {
    async close() {
      closed = true
      await running
    },
  }
}
