// SPDX-License-Identifier: AGPL-3.0-or-later
// The name under which a feed is shown: what its owner calls themselves, else its alias, else the note about it.

import { setImmediate } from 'node:timers/promises'
import { PROFILE_NAME_CHARS, SEARCH_CHARS } from '../lib/limits.js'
import { cleanName } from '../lib/text.js'
import { type FeedId, feedIdOf, keyOf } from '../ssb/feed-id.js'
import type { Aliases } from './aliases.js'
import type { Tables } from './layout.js'
import type { Profiles } from './profiles.js'

export interface Names {
  /**
   * Returns a function that finds names, as the store is now. Reads all aliases once, so call it once for a list.
   * The function returns null for a feed without a name. Anybody can choose any name: show the key beside it.
   */
  reader(): (feed: FeedId) => string | null
  /**
   * Members whose name, alias or note contains a text, or whose id begins with it, whatever its case and accents.
   * Reads in turns.
   */
  search(text: string): Promise<FeedId[]>
}

/** Members looked at in one turn of the event loop. */
const SEARCH_TURN = 200

/** Text as it is compared: without case, accents, and differences of width or style. */
const plain = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim()

export function createNames(
  { members }: Pick<Tables, 'members'>,
  { aliases, profiles }: { aliases: Aliases; profiles: Profiles },
): Names {
  return {
    reader() {
      const byOwner = new Map<FeedId, { alias: string; since: number }>()
      for (const { alias, owner, since } of aliases.list()) {
        const first = byOwner.get(owner)
        if (!first || since < first.since) byOwner.set(owner, { alias, since })
      }
      return (feed) =>
        profiles.get(feed).name ||
        byOwner.get(feed)?.alias ||
        cleanName(members.get(keyOf(feed))?.note ?? '', PROFILE_NAME_CHARS) ||
        null
    },

    async search(text) {
      const wanted = plain(text.slice(0, SEARCH_CHARS))
      // short texts are somewhere in many ids
      const id = wanted.startsWith('@') ? wanted : `@${wanted}`
      const aliasesOf = new Map<FeedId, string[]>()
      for (const { alias, owner } of aliases.list())
        aliasesOf.set(owner, [...(aliasesOf.get(owner) ?? []), alias])
      const found: FeedId[] = []
      for (let start = Buffer.alloc(0); ; ) {
        const page = [...members.getRange({ start, limit: SEARCH_TURN })]
        for (const { key, value } of page) {
          const feed = feedIdOf(key)
          const texts = [profiles.get(feed).name ?? '', ...(aliasesOf.get(feed) ?? []), value.note]
          if (texts.some((each) => plain(each).includes(wanted)) || plain(feed).startsWith(id))
            found.push(feed)
        }
        const last = page.at(-1)
        if (!last || page.length < SEARCH_TURN) return found
        start = Buffer.concat([last.key, Buffer.alloc(1)])
        await setImmediate()
      }
    },
  }
}
