// SPDX-License-Identifier: AGPL-3.0-or-later
// Profiles: what the owners of stored feeds say about themselves. An index over their `about` messages.

import { setImmediate } from 'node:timers/promises'
import { REBUILD_TURN } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { ABOUT_FIELDS, readAbout } from '../ssb/about.js'
import { type FeedId, feedIdOf, keyOf } from '../ssb/feed-id.js'
import { storedValue } from '../ssb/message.js'
import type { FeedMessages } from './feed-messages.js'
import { eachFeed } from './feed-records.js'
import type { FeedRecord, ProfileRecord, Tables } from './layout.js'
import { fold } from './profile-index.js'
import type { OnStoreProgress } from './rebuild.js'
import type { Writer } from './writer.js'

export interface Profile {
  /** cleaned for a page or a terminal; anybody can choose any name */
  name: string | null
  description: string | null
  /** id of a blob, which the relay does not store */
  image: string | null
}

export interface Profiles {
  get(feed: FeedId): Profile
  /** Reads all stored feeds and corrects every row. Returns the ids of wrong ones. `onProgress` counts messages. */
  rebuild(onProgress?: OnStoreProgress): Promise<FeedId[]>
  /** Ends the first building of the rows; the next start repeats it. */
  close(): Promise<void>
}

/** In `meta`: the rows were built. A store of an older version has none. */
const BUILT = Buffer.from('profiles')

/** Opens the profiles, and builds them from the stored feeds if an older version has written the store. */
export function createProfiles(
  { profiles, feeds, meta }: Pick<Tables, 'profiles' | 'feeds' | 'meta'>,
  writer: Writer,
  messages: FeedMessages,
  log: Log,
): Profiles {
  let closed = false
  const building = build().catch((err) => {
    if (!closed) log.error({ err }, 'reading profiles failed')
  })

  async function build(): Promise<void> {
    if (meta.get(BUILT) !== undefined) return
    await rebuild(() => {
      if (closed) throw new Error('the store is closed')
    })
    await writer.submit(() => meta.putSync(BUILT, true))
  }

  async function rebuild(onProgress: OnStoreProgress = () => {}): Promise<FeedId[]> {
    const wrong: FeedId[] = []
    let done = 0
    for await (const { author, record } of eachFeed(feeds)) {
      const reader = createReader(author, record.generation ?? 0)
      for (let read = reader.read(); read > 0; read = reader.read()) {
        done += read
        onProgress(done, null)
        await setImmediate()
      }
      if (reader.isRight()) continue
      await writer.submit(() => {
        // messages that were stored meanwhile
        while (reader.read() > 0);
        if (reader.isRight()) return
        wrong.push(feedIdOf(author))
        reader.put()
      })
    }
    await dropStrays(wrong)
    return wrong
  }

  /** Folds the messages of one feed, some at a time. */
  function createReader(author: Buffer, generation: number) {
    const id = feedIdOf(author)
    const place = { author, generation }
    const row: ProfileRecord = {}
    let from = 1

    const recordOf = (): FeedRecord | null => {
      const record = feeds.get(author)
      return record && (record.generation ?? 0) === generation ? record : null
    }
    function take(sequence: number, bytes: Buffer): void {
      const about = readAbout(storedValue(bytes).toString(), id)
      if (about) fold(row, sequence, about)
    }
    return {
      /** Folds the next messages. Returns how many there were. */
      read(): number {
        const record = recordOf()
        if (!record) return 0
        const page = messages.read(place, from, REBUILD_TURN, record.fork?.cut)
        for (const { sequence, bytes } of page) take(sequence, bytes)
        from = (page.at(-1)?.sequence ?? from - 1) + 1
        return page.length
      },
      isRight(): boolean {
        const record = recordOf()
        // the row of a feed that was deleted meanwhile was deleted with it
        if (!record) return true
        const held = profiles.get(author) ?? {}
        for (const field of ABOUT_FIELDS) {
          const [sequence = 0] = held[field] ?? []
          // a message that filled a gap after the reader had passed it
          const bytes = sequence < (record.fork?.cut ?? from) ? messages.at(place, sequence) : undefined
          if (bytes) take(sequence, bytes)
        }
        return ABOUT_FIELDS.every((field) => String(held[field]) === String(row[field]))
      },
      put(): void {
        if (Object.keys(row).length > 0) profiles.putSync(author, row)
        else profiles.removeSync(author)
      },
    }
  }

  /** Deletes rows of feeds that are not stored. */
  async function dropStrays(wrong: FeedId[]): Promise<void> {
    for (let start = Buffer.alloc(0); ; ) {
      const page = [...profiles.getKeys({ start, limit: REBUILD_TURN })].map((key) => Buffer.from(key))
      const strays = page.filter((key) => !feeds.doesExist(key))
      if (strays.length > 0)
        await writer.submit(() => {
          for (const key of strays)
            if (!feeds.doesExist(key) && profiles.removeSync(key)) wrong.push(feedIdOf(key))
        })
      const last = page.at(-1)
      if (!last) return
      start = Buffer.concat([last, Buffer.alloc(1)])
      await setImmediate()
    }
  }

  return {
    get(feed) {
      const row = profiles.get(keyOf(feed))
      const text = (field: (typeof ABOUT_FIELDS)[number]): string | null => row?.[field]?.[1] || null
      return { name: text('name'), description: text('description'), image: text('image') }
    },
    rebuild,
    async close() {
      closed = true
      await building
    },
  }
}
