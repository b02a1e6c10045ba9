// SPDX-License-Identifier: AGPL-3.0-or-later
// Rebuilds the member index from the relay's own feed: reads and compares in bounded turns, corrects in small writes.

import { setImmediate } from 'node:timers/promises'
import { REBUILD_TURN, REBUILD_WRITES } from '../lib/limits.js'
import { type FeedId, feedIdOf, KEY_BYTES, keyOf } from '../ssb/feed-id.js'
import { createContactFold, type Folded } from './contacts.js'
import { type BlockRecord, type MemberRecord, type Tables, vouchKey } from './layout.js'
import type { RelayFeed } from './relay-feed.js'
import type { AfterFlush, Writer } from './writer.js'

/** Called with the work done and the total, null if unknown. It may throw to stop the work, which can be repeated. */
export type OnStoreProgress = (done: number, total: number | null) => void

export interface RebuildParts {
  tables: Pick<Tables, 'members' | 'vouches' | 'blocks'>
  writer: Writer
  own: RelayFeed
  /** Inside a write: stores a member's row with its index rows, or deletes them. */
  putRow(feed: FeedId, row: MemberRecord | undefined): void
  /** Inside a write: notifies live connections of a change after the flush. */
  tell(feed: FeedId, now: 'blocked' | 'followed' | 'unfollowed', afterFlush: AfterFlush): void
}

/**
 * Folds the relay's own feed and corrects every row that differs.
 * Each write leaves its rows correct, so that a kill between two of them does no harm.
 * @returns the ids of all wrong rows, and the folded feed
 */
export async function rebuildIndex(
  parts: RebuildParts,
  onProgress: OnStoreProgress,
): Promise<{ differences: FeedId[] } & Folded> {
  const { tables, writer, own, putRow, tell } = parts
  const { members, blocks } = tables
  const fold = createContactFold()
  let next = 1
  /** Folds the next page of the feed. @returns true if there was one */
  function foldSome(): boolean {
    const page = own.read(next, REBUILD_TURN)
    for (const message of page) fold.add(message)
    next = (page.at(-1)?.value.sequence ?? next - 1) + 1
    return page.length > 0
  }
  const total = own.latest()
  while (foldSome()) {
    onProgress(next - 1, total)
    await setImmediate()
  }

  /** The block according to the feed, with its reason, which only this table has. */
  function blockOf(feed: FeedId): BlockRecord | undefined {
    const block = fold.blocks.get(feed)
    return block && { ...block, reason: blocks.get(keyOf(feed))?.reason ?? '' }
  }
  const isWrong = (feed: FeedId): boolean =>
    !isEqual(members.get(keyOf(feed)), fold.members.get(feed)) ||
    !isEqual(blocks.get(keyOf(feed)), blockOf(feed)) ||
    !isVouchHeld(tables, feed, fold.members.get(feed))

  const differences: FeedId[] = []
  function setRight(feed: FeedId, afterFlush: AfterFlush): void {
    // Checked again inside the write: members may have changed in between.
    if (!isWrong(feed)) return
    const [row, block] = [fold.members.get(feed), blockOf(feed)]
    if (!isEqual(members.get(keyOf(feed)), row) || !isEqual(blocks.get(keyOf(feed)), block)) {
      differences.push(feed)
      tell(feed, block ? 'blocked' : row ? 'followed' : 'unfollowed', afterFlush)
    }
    putRow(feed, row)
    if (block) blocks.putSync(keyOf(feed), block)
    else blocks.removeSync(keyOf(feed))
  }

  let wrong: FeedId[] = []
  const flush = async (): Promise<void> => {
    const some = wrong
    wrong = []
    await writer.submit((afterFlush) => {
      while (foldSome());
      for (const feed of some) setRight(feed, afterFlush)
    })
  }
  for await (const feed of everyFeed(tables, fold)) {
    if (isWrong(feed)) wrong.push(feed)
    if (wrong.length === REBUILD_WRITES) await flush()
  }
  await flush()
  await dropStrayVouches(parts, fold)
  return { differences, members: fold.members, blocks: fold.blocks }
}

/** Every feed that has or should have a row, in bounded turns of the event loop. */
async function* everyFeed({ members, blocks }: RebuildParts['tables'], fold: Folded): AsyncGenerator<FeedId> {
  let inTurn = 0
  for (const table of [members, blocks]) {
    for (let start = Buffer.alloc(0); ; ) {
      const page = [...table.getKeys({ start, limit: REBUILD_TURN })].map((key) => Buffer.from(key))
      for (const key of page) yield feedIdOf(key)
      const last = page.at(-1)
      if (!last) break
      start = Buffer.concat([last, Buffer.alloc(1)])
      await setImmediate()
    }
  }
  for (const wanted of [fold.members, fold.blocks]) {
    for (const feed of wanted.keys()) {
      yield feed
      inTurn += 1
      if (inTurn % REBUILD_TURN === 0) await setImmediate()
    }
  }
}

function isVouchHeld({ vouches }: Pick<Tables, 'vouches'>, feed: FeedId, row?: MemberRecord): boolean {
  return !row?.voucher || vouches.doesExist(vouchKey(keyOf(row.voucher), keyOf(feed)))
}

/** Deletes vouches that the feed does not contain. */
async function dropStrayVouches(
  { tables: { vouches, members }, writer }: RebuildParts,
  fold: Folded,
): Promise<void> {
  for (let start = Buffer.alloc(0); ; ) {
    const page = [...vouches.getKeys({ start, limit: REBUILD_TURN })].map((key) => Buffer.from(key))
    const isStray = (key: Buffer): boolean => {
      const feed = feedIdOf(key.subarray(KEY_BYTES))
      const voucher = feedIdOf(key.subarray(0, KEY_BYTES))
      return fold.members.get(feed)?.voucher !== voucher && members.get(keyOf(feed))?.voucher !== voucher
    }
    const stray = page.filter(isStray)
    if (stray.length > 0)
      await writer.submit(() => {
        for (const key of stray) if (isStray(key)) vouches.removeSync(key)
      })
    const last = page.at(-1)
    if (!last) return
    start = Buffer.concat([last, Buffer.alloc(1)])
    await setImmediate()
  }
}

const isEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
