// SPDX-License-Identifier: AGPL-3.0-or-later
// What the other ends of all sessions hold of each feed.
// By feed and not by session: as two arrays it is 16 bytes for each feed of a session, in a map of its own 45.

import type { FeedId } from '../../ssb/feed-id.js'

interface Entry<Session> {
  sessions: Session[]
  /** of the session at the same index */
  numbers: number[]
  stop: () => void
}

export interface PositionEvents<Session> {
  /** Calls the listener when the feed has new messages. Returns a function that unsubscribes. */
  subscribe(feed: FeedId, listener: () => void): () => void
  /** Called for each session with a position in a feed that has new messages. */
  grown(session: Session, feed: FeedId, number: number): void
}

/** A position is a number whose meaning is the session's. Finding one takes time with the number of sessions. */
export class Positions<Session> {
  private readonly feeds = new Map<FeedId, Entry<Session>>()

  constructor(private readonly events: PositionEvents<Session>) {}

  get(feed: FeedId, session: Session): number | undefined {
    const entry = this.feeds.get(feed)
    return entry?.numbers[entry.sessions.indexOf(session)]
  }

  set(feed: FeedId, session: Session, number: number): void {
    const entry = this.feeds.get(feed) ?? this.add(feed)
    const at = entry.sessions.indexOf(session)
    if (at >= 0) entry.numbers[at] = number
    else {
      entry.sessions.push(session)
      entry.numbers.push(number)
    }
  }

  delete(feed: FeedId, session: Session): void {
    const entry = this.feeds.get(feed)
    const at = entry?.sessions.indexOf(session) ?? -1
    if (!entry || at < 0) return
    entry.sessions.splice(at, 1)
    entry.numbers.splice(at, 1)
    if (entry.sessions.length > 0) return
    entry.stop()
    this.feeds.delete(feed)
  }

  /** Deletes all positions of a session. */
  drop(session: Session): void {
    for (const feed of this.feeds.keys()) this.delete(feed, session)
  }

  /** Deletes all positions of all sessions. */
  close(): void {
    for (const { stop } of this.feeds.values()) stop()
    this.feeds.clear()
  }

  private add(feed: FeedId): Entry<Session> {
    const sessions: Session[] = []
    const numbers: number[] = []
    const stop = this.events.subscribe(feed, () => {
      // copies: a session that ends meanwhile leaves the arrays
      const then = [...numbers]
      for (const [i, session] of [...sessions].entries()) this.events.grown(session, feed, then[i] ?? 0)
    })
    const entry = { sessions, numbers, stop }
    this.feeds.set(feed, entry)
    return entry
  }
}
