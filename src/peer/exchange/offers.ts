// SPDX-License-Identifier: AGPL-3.0-or-later
// Offers another relay the feeds of members who let it keep them, and withdraws those whose owners no longer do.

import type { Clock } from '../../lib/clock.js'
import { MINUTE, PEER_CALL_MS, PEER_FEEDS, SECOND } from '../../lib/limits.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Store } from '../../store/store.js'
import type { Connection } from '../connection.js'

export interface Offering {
  /** Offers or withdraws a feed whose owner's choice or membership has changed. */
  changed(feed: FeedId): void
  /** How many feeds the other relay refused on this connection, and the last error; null if it took all. */
  refused(): { feeds: number; code: string } | null
}

export interface OfferingParts {
  store: Pick<Store, 'members' | 'peers' | 'sharing'>
  clock: Clock
  /** Called for each feed that the other relay keeps. */
  taken(feed: FeedId): void
  /** Called with a failure of the store. */
  onFault(err: unknown): void
}

/** Feeds offered at a time. */
const OFFERED_AT_ONCE = 64
/** Milliseconds for which changes gather, so that a member who changes their mind twice costs nothing. */
export const GATHER_MS = 2 * SECOND
/** Milliseconds to the next try after a failure of the store. */
const AGAIN_MS = 1 * MINUTE

/** Codes after which the other relay keeps a feed, which may be a member there, and after which it does not. */
const KEPT = 'already_following'
const LET_GO = 'not_following'
/** The connection ended before the answer. */
const GONE = 'gone'

/** Offers feeds until the connection ends. */
export function startOffering(
  { store: { members, peers, sharing }, clock, taken, onFault }: OfferingParts,
  connection: Connection,
): Offering {
  const peer = connection.id
  /** feeds whose state has changed since they were looked at */
  const changes = new Set<FeedId>()
  const refusals = new Map<FeedId, string>()
  let running = false
  let cancel: (() => void) | null = null
  /** the last feed of the first pass over all; undefined after it */
  let position: FeedId | null | undefined = null

  /** Feeds of other relays are not passed on: else each would travel in circles. */
  function isOurs(feed: FeedId): boolean {
    const voucher = members.get(feed)?.voucher
    return sharing.has(feed) && !peers.has(feed) && !(voucher && peers.has(voucher))
  }

  /** Calls `follow` there. Resolves with the code of the error, or null. */
  function follow(feed: FeedId, following: boolean): Promise<string | null> {
    return new Promise((resolve) => {
      if (!connection.rpc || connection.rpc.isClosed) return resolve(GONE)
      const stop = clock.after(PEER_CALL_MS, () => connection.close('another relay does not answer'))
      connection.rpc.request(['follow'], [{ feed, following }], (err) => {
        stop()
        if (!err) return resolve(null)
        // all calls end with the session, before its socket is closed
        if (connection.rpc?.isClosed) return resolve(GONE)
        resolve(codeOf(err))
      })
    })
  }

  async function withdraw(feeds: FeedId[]): Promise<void> {
    if (feeds.length === 0) return
    const answers = await Promise.all(feeds.map((feed) => follow(feed, false)))
    // refused for another reason, it is withdrawn again at the next connection
    await peers.forget(
      peer,
      feeds.filter((_, at) => answers[at] === null || answers[at] === LET_GO),
    )
  }

  async function offer(asked: FeedId[]): Promise<void> {
    if (asked.length === 0) return
    const room = Math.max(0, PEER_FEEDS - peers.offered(peer).length)
    const fresh = asked.filter((feed) => peers.offerOf(peer, feed) !== true)
    for (const feed of fresh.slice(room)) refusals.set(feed, 'quota_reached')
    const left = new Set(fresh.slice(room))
    const feeds = asked.filter((feed) => !left.has(feed))
    // before the call: the other relay asks for the feed as soon as it follows it
    await peers.offer(peer, feeds)
    const answers = await Promise.all(feeds.map((feed) => follow(feed, true)))
    if (answers.includes(GONE)) return
    const refused: FeedId[] = []
    for (const [at, feed] of feeds.entries()) {
      const code = answers[at] ?? null
      refusals.delete(feed)
      if (code === null || code === KEPT) taken(feed)
      else {
        refusals.set(feed, code)
        refused.push(feed)
      }
    }
    if (refused.length > 0) await peers.forget(peer, refused)
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
    for (const feeds of pages(peers.offered(peer, false))) await withdraw(feeds)
    for (let feeds = nextFeeds(); feeds.length > 0; feeds = nextFeeds()) {
      if (connection.isClosed) return
      await withdraw(feeds.filter((feed) => peers.offerOf(peer, feed) === false))
      await offer(feeds.filter(isOurs))
    }
  }

  function start(): void {
    running = true
    run().then(
      () => {
        running = false
        if (changes.size > 0) later(GATHER_MS)
      },
      (err) => {
        running = false
        onFault(err)
        // all over again, as it is not known how far it came
        position = null
        later(AGAIN_MS)
      },
    )
  }

  function later(ms: number): void {
    if (running || cancel || connection.isClosed) return
    cancel = clock.after(ms, () => {
      cancel = null
      if (!connection.isClosed) start()
    })
  }

  start()
  connection.onClose(() => cancel?.())

  return {
    changed(feed) {
      changes.add(feed)
      later(GATHER_MS)
    },
    refused() {
      const code = [...refusals.values()].at(-1)
      return code === undefined ? null : { feeds: refusals.size, code }
    },
  }
}

/** The code of another relay's error. muxrpc stacks that drop other fields keep the name, which has it, too. */
function codeOf(err: Error): string {
  const { code, name, message } = err as Error & { code?: unknown }
  const known = [code, name].find((each) => typeof each === 'string' && each !== 'Error')
  const byWords = message === 'already following' ? KEPT : message === 'not following' ? LET_GO : message
  return String(known ?? byWords).slice(0, 200)
}

function* pages(feeds: FeedId[]): Generator<FeedId[]> {
  for (let at = 0; at < feeds.length; at += OFFERED_AT_ONCE) yield feeds.slice(at, at + OFFERED_AT_ONCE)
}
