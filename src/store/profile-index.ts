// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps profiles true to the messages that are stored and deleted.

import { ABOUT_FIELDS, type About, readAbout } from '../ssb/about.js'
import type { VerifiedMessage } from '../ssb/message.js'
import type { ProfileRecord, Tables } from './layout.js'

/** Called inside the writes of the feeds. */
export interface ProfileIndex {
  added(author: Buffer, messages: readonly Pick<VerifiedMessage, 'author' | 'sequence' | 'json'>[]): void
  removed(author: Buffer): void
}

/** Sets the fields that no later message has set. Returns whether the row changed. */
export function fold(row: ProfileRecord, sequence: number, about: About): boolean {
  let changed = false
  for (const field of ABOUT_FIELDS) {
    const text = about[field]
    // messages may arrive in any order
    if (text === undefined || (row[field]?.[0] ?? 0) >= sequence) continue
    row[field] = [sequence, text]
    changed = true
  }
  return changed
}

/** Opens the index over the store's tables. */
export function createProfileIndex({ profiles }: Pick<Tables, 'profiles'>): ProfileIndex {
  return {
    added(author, messages) {
      let row: ProfileRecord | null = null
      for (const { author: id, sequence, json } of messages) {
        const about = readAbout(json, id)
        if (!about) continue
        row ??= profiles.get(author) ?? {}
        fold(row, sequence, about)
      }
      if (row) profiles.putSync(author, row)
    },
    removed(author) {
      profiles.removeSync(author)
    },
  }
}
