// SPDX-License-Identifier: AGPL-3.0-or-later
// Local Matrix users: the relay, and members under their alias or a stable hash.

import { createHash } from 'node:crypto'
import type { FeedId } from '../ssb/feed-id.js'
import type { MatrixStore } from '../store/matrix.js'
import type { Store } from '../store/store.js'
import { domainOf } from './ids.js'

const RELAY = 'relay'
const PREFIX = 'ssb_'
/** Letters and digits of a member without an alias: 80 bits of a hash. */
const HASH_CHARS = 16

export interface LocalUsers {
  /** the relay's own user id */
  relay: string
  isOurs(user: string): boolean
  /** The user id of a member, reserved for that member. */
  idNow(feed: FeedId): string
  /** The user id of a member who has spoken; null for one who has not. */
  idsOf(feed: FeedId): string[]
  /** The display name of one of ours; null for one that does not exist. */
  nameOf(user: string): string | null
}

export function createLocalUsers(
  { store, matrix, name }: { store: Store; matrix: MatrixStore; name: () => string },
  server: string,
): LocalUsers {
  const relay = `@${RELAY}:${server}`
  const ownerOf = (local: string): string | undefined => matrix.meta<string>(`user ${local}`)

  const aliasOf = (feed: FeedId): string | undefined =>
    store.aliases.of(feed).find((alias) => /^[a-z0-9-]{1,64}$/.test(alias))

  function localpart(feed: FeedId): string {
    const alias = aliasOf(feed)
    const named = alias === undefined ? undefined : `${PREFIX}${alias}`
    // an alias may pass to another member, its Matrix user never does
    if (named !== undefined && [undefined, feed].includes(ownerOf(named))) return named
    const hash = createHash('sha256').update(feed).digest('hex').slice(0, HASH_CHARS)
    return `${PREFIX}${hash}`
  }

  return {
    relay,
    isOurs: (user) => domainOf(user) === server,
    idNow(feed) {
      const local = localpart(feed)
      if (ownerOf(local) === undefined) {
        matrix.putMetaNow(`user ${local}`, feed)
        const held = matrix.meta<string[]>(`feed ${feed}`) ?? []
        matrix.putMetaNow(`feed ${feed}`, [...held.filter((each) => each !== local), local].slice(-8))
      }
      return `@${local}:${server}`
    },
    idsOf: (feed) => (matrix.meta<string[]>(`feed ${feed}`) ?? []).map((local) => `@${local}:${server}`),
    nameOf(user) {
      if (user === relay) return name()
      if (domainOf(user) !== server) return null
      const feed = ownerOf(user.slice(1, user.indexOf(':')))
      if (feed === undefined || !store.members.has(feed)) return null
      return aliasOf(feed) ?? `${feed.slice(0, 9)}…`
    },
  }
}
