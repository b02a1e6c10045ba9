// SPDX-License-Identifier: AGPL-3.0-or-later
// Offers another relay the feeds of members who let it keep them, and withdraws those whose owners no longer do.

import { PEER_FEEDS } from '../../lib/limits.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Store } from '../../store/store.js'
import type { Connection } from '../connection.js'

export interface Offering {
  /** Offers or withdraws a feed whose owner's choice or membership has changed. */
  changed(feed: FeedId): void
  /** Why the other relay takes no more feeds; null if it takes all. */
  refusal(): string | null
}

/** Feeds offered at a time. */
const OFFERED_AT_ONCE = 64

/** Codes with which another relay keeps a feed: it may be a member there. */
const KEPT = 'already_following'
/** The connection ended before the answer. */
const GONE = 'gone'

/**
 * Offers feeds until the connection ends.
 * @param taken called for each feed that the other relay keeps
 * @param onFault called with a failure of the store
 */
export function startOffering(
  { members, peers, sharing }: Pick<Store, 'members' | 'peers' | 'sharing'>,
  connection: Connection,
  taken: (feed: FeedId) => void,
  onFault: (err: unknown) => void,
): Offering {
  const peer = connection.id
  /** feeds whose state has changed since they were looked at */
  const changes = new Set<FeedId>()
  let refusal: string | null = null
  let running = false
  /** the last feed of the first pass over all; undefined after it */
  let position: FeedId | null | undefined = null

  /** Feeds of other relays are not passed on: else each would travel in circles. */
  function isOurs(feed: FeedId): boolean {
    const voucher = members.get(feed)?.voucher
    return sharing.has(feed) && !peers.has(feed) && !(voucher && peers.has(voucher))
  }

  function follow(feed: FeedId, following: boolean): Promise<string | null> {
    return new Promise((resolve) => {
      if (!connection.rpc) return resolve(GONE)
      connection.rpc.request(['follow'], [{ feed, following }], (err) => {
        if (!err) return resolve(null)
        // all calls end with the session, before its socket is closed
        if (connection.rpc?.isClosed) return resolve(GONE)
        const { code, name, message } = err as Error & { code?: unknown }
        // the name carries the code through muxrpc stacks that drop other fields
        const known = [code, name].find((each) => typeof each === 'string' && each !== 'Error')
        resolve(String(known ?? (message === 'already following' ? KEPT : message)).slice(0, 200))
      })
    })
  }

  async function withdraw(feeds: FeedId[]): Promise<void> {
    if (feeds.length === 0) return
    const answers = await Promise.all(feeds.map((feed) => follow(feed, false)))
    // told again at the next connection, if this one ended before the answer
    await peers.forget(
      peer,
      feeds.filter((_, at) => answers[at] !== GONE),
    )
  }

  async function offer(asked: FeedId[]): Promise<void> {
    const room = Math.max(0, PEER_FEEDS - peers.offered(peer).length)
    const fresh = asked.filter((feed) => peers.offerOf(peer, feed) !== true)
    if (fresh.length > room) refusal = 'quota_reached'
    const left = new Set(fresh.slice(room))
    const feeds = asked.filter((feed) => !left.has(feed))
    if (feeds.length === 0) return
    // before the call: the other relay asks for the feed as soon as it follows it
    await peers.offer(peer, feeds)
    const answers = await Promise.all(feeds.map((feed) => follow(feed, true)))
    if (answers.includes(GONE)) return
    const kept = feeds.filter((_, at) => answers[at] === null || answers[at] === KEPT)
    for (const answer of answers) if (answer !== null && answer !== KEPT) refusal = answer
    await peers.forget(
      peer,
      feeds.filter((feed) => !kept.includes(feed)),
    )
    for (const feed of kept) taken(feed)
  }

  /** The next feeds to look at: first all members that share, then those that change. */
  function nextFeeds(): FeedId[] {
    if (position !== undefined) {
      const page = sharing.page(position, OFFERED_AT_ONCE)
      position = page.at(-1)
      if (page.length > 0) return page
    }
    const some = [...changes].slice(0, OFFERED_AT_ONCE)
    for (const feed of some) changes.delete(feed)
    return some
  }

  async function run(): Promise<void> {
    for (const feeds of pages(peers.offered(peer, false))) {
      if (connection.isClosed) return
      await withdraw(feeds)
    }
    for (let feeds = nextFeeds(); feeds.length > 0 && !connection.isClosed; feeds = nextFeeds()) {
      await withdraw(feeds.filter((feed) => peers.offerOf(peer, feed) === false))
      await offer(feeds.filter(isOurs))
    }
  }

  function start(): void {
    if (running || connection.isClosed) return
    running = true
    run()
      .catch(onFault)
      .finally(() => {
        running = false
        if (changes.size > 0) start()
      })
  }
  start()

  return {
    changed(feed) {
      changes.add(feed)
      start()
    },
    refusal: () => refusal,
  }
}

function* pages(feeds: FeedId[]): Generator<FeedId[]> {
  for (let at = 0; at < feeds.length; at += OFFERED_AT_ONCE) yield feeds.slice(at, at + OFFERED_AT_ONCE)
}
