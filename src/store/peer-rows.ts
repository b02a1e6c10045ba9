// SPDX-License-Identifier: AGPL-3.0-or-later
// Rows of other relays and of the feeds offered to them, as writes of several tables change them.

import { type FeedId, KEY_BYTES, keyOf } from '../ssb/feed-id.js'
import { type Tables, vouchKey } from './layout.js'

/** Inside a write: other relays may no longer read the feed, and are told to let it go. */
export function endSharing(tables: Pick<Tables, 'shared' | 'peers' | 'offers'>, feed: FeedId): void {
  tables.shared.removeSync(keyOf(feed))
  for (const peer of [...tables.peers.getKeys({})]) {
    const key = vouchKey(peer, keyOf(feed))
    if (tables.offers.get(key) === true) tables.offers.putSync(key, false)
  }
}

/** Inside a write: forgets a relay and what was offered to it. */
export function dropPeer(tables: Pick<Tables, 'peers' | 'offers'>, peer: FeedId): void {
  if (!tables.peers.doesExist(keyOf(peer))) return
  tables.peers.removeSync(keyOf(peer))
  for (const { key } of offersOf(tables, peer)) tables.offers.removeSync(key)
}

/** Inside a write: another relay may read no feed of ours any more, and is told to let them go. */
export function withdrawAll(tables: Pick<Tables, 'offers'>, peer: FeedId): void {
  for (const { key } of offersOf(tables, peer)) tables.offers.putSync(key, false)
}

/** The offers to one relay; their number is limited. */
export function offersOf(
  { offers }: Pick<Tables, 'offers'>,
  peer: FeedId,
): Array<{ key: Buffer; value: boolean }> {
  const start = vouchKey(keyOf(peer), Buffer.alloc(0))
  const end = vouchKey(keyOf(peer), Buffer.alloc(KEY_BYTES + 1, 0xff))
  return [...offers.getRange({ start, end })].map(({ key, value }) => ({ key: Buffer.from(key), value }))
}
