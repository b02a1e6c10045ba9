// SPDX-License-Identifier: AGPL-3.0-or-later
// One session of `ebt.replicate` (EBT version 3, classic feeds): notes and messages, both ways, on one duplex stream.

import { RelayError } from '../../lib/errors.js'
import { EBT_CLOCK_BYTES, EBT_NOTES, HISTORY_CHUNK } from '../../lib/limits.js'
import { decodeBody } from '../../muxrpc/codec.js'
import type { RpcStream, StreamHandler } from '../../muxrpc/stream.js'
import { type FeedId, isFeedId } from '../../ssb/feed-id.js'
import { storedValue } from '../../ssb/message.js'
import type { Connection } from '../connection.js'
import { createFeedIngest, type FeedIngest } from '../feed-ingest.js'
import type { EbtShared } from './contract.js'
import { decodeNote, encodeNote, REFUSED } from './note.js'
import { Wishes } from './wishes.js'

/** The other end's position in a feed, as one number to save memory: its sequence times four, plus these two bits. */
const WANTS = 1
const REPLICATES = 2

export class EbtSession implements StreamHandler {
  /** feeds that may have messages to send */
  private readonly due = new Set<FeedId>()
  /** feeds whose note is to be sent */
  private readonly notes = new Set<FeedId>()
  /** received notes that are not handled yet; until they are, nothing more is read from the other end */
  private heard: Array<[FeedId, unknown]> = []
  /** feeds to answer with a refusal: at most those of one turn of `hearSome` */
  private refusals: FeedId[] = []
  /** positions in refused feeds: the other end tells them once, and does not answer when such a feed is served later */
  private readonly wishes = new Wishes()
  /** ingestion of each feed taken from this end, created at its first message */
  private readonly ingests = new Map<FeedId, FeedIngest | null>()
  /** position in our clock, which is sent page by page; null after the last page */
  private clockFrom: { after: FeedId | null } | null = { after: null }
  private holding = false
  private next: NodeJS.Immediate | null = null
  private readonly wake = (): void => this.pump()
  private static nextTurn(session: EbtSession): void {
    session.next = null
    session.pump()
  }

  constructor(
    private readonly shared: EbtShared<EbtSession>,
    private readonly caller: Connection,
    private readonly stream: RpcStream,
  ) {
    stream.handler = this
    stream.jsonBytes = EBT_CLOCK_BYTES
  }

  /** Sends our clock: the calling end waits for it before it sends its own. */
  start(): void {
    this.notes.add(this.shared.own)
    this.pump()
  }

  /** Called when a feed in which the other end has a position has new messages. */
  grown(feed: FeedId, known: number): void {
    if (this.stream.isEnded || !(known & REPLICATES)) return
    if (known & WANTS) this.due.add(feed)
    else if (this.shared.contiguous(feed) > sequenceOf(known)) this.notes.add(feed)
    this.pump()
  }

  /** Called when a feed is now served, no longer served, or was reset. */
  changed(feed: FeedId): void {
    const { positions } = this.shared
    const known = positions.get(feed, this)
    if (!this.shared.isServed(feed)) {
      if (known === undefined) return
      positions.delete(feed, this)
      this.due.delete(feed)
      if (known & REPLICATES) this.wishes.add(feed, known)
    } else if (known === undefined) {
      const wished = this.wishes.take(feed)
      if (wished !== undefined) {
        positions.set(feed, this, wished)
        if (wished & WANTS) this.due.add(feed)
      }
    }
    this.ingests.get(feed)?.end()
    this.ingests.delete(feed)
    this.notes.add(feed)
    this.pump()
  }

  /** Ends the session, when EBT is turned off or the relay closes. */
  end(): void {
    this.stream.end()
    this.release()
  }

  data(body: Buffer, type: number): void {
    const value = decodeBody(body, type)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new RelayError('bad_argument', 'neither a message nor a clock')
    const { author, sequence } = value as Record<string, unknown>
    if (typeof author === 'string' && typeof sequence === 'number')
      this.receive(author, sequence, value, body.length)
    else this.listen(value)
    this.pump()
  }

  room(): void {
    this.pump()
  }

  ended(): void {
    this.release()
  }

  // --- what comes -----------------------------------------------------------------------------------------------

  private listen(clock: object): void {
    // one by one: spreading a large clock would exceed the stack
    for (const entry of Object.entries(clock)) this.heard.push(entry)
    if (this.heard.length === 0 || this.holding) return
    this.holding = true
    this.caller.wire.hold()
  }

  private hear([feed, note]: [FeedId, unknown]): void {
    // some apps send names that are not feed ids; they get no answer
    if (!isFeedId(feed)) return
    const { replicate, receive, sequence } = decodeNote(note)
    const known = sequence * 4 + (receive ? WANTS : 0) + (replicate ? REPLICATES : 0)
    if (!this.shared.isServed(feed)) {
      if (!replicate) this.wishes.take(feed)
      else {
        this.refusals.push(feed)
        this.wishes.add(feed, known)
      }
      return
    }
    this.shared.positions.set(feed, this, known)
    this.due.delete(feed)
    if (!replicate || this.shared.contiguous(feed) <= sequence) return
    if (receive) this.due.add(feed)
    else this.notes.add(feed)
  }

  private receive(author: FeedId, sequence: number, message: object, bytes: number): void {
    // unrequested messages are dropped: the other end may have sent them before it read our note
    if (!isFeedId(author) || !this.takes(author)) return
    const { positions } = this.shared
    const known = positions.get(author, this)
    // the other end holds what it sends, so it is not sent back
    if (known !== undefined && sequence > sequenceOf(known) && Number.isSafeInteger(sequence))
      positions.set(author, this, sequence * 4 + (known & (WANTS | REPLICATES)))
    let ingest = this.ingests.get(author)
    if (ingest === undefined) {
      ingest = this.createIngest(author)
      this.ingests.set(author, ingest)
    }
    ingest?.push(message, bytes)
  }

  /** Members send their own feed and those they vouch for, except feeds whose ingestion was stopped. */
  private takes(feed: FeedId): boolean {
    if (this.ingests.get(feed) === null) return false
    const { members, feeds } = this.shared.store
    // messages after a fork may be of either branch
    if (feeds.fork(feed)?.cut !== undefined) return false
    if (feed === this.caller.id) return members.has(feed)
    return members.get(feed)?.voucher === this.caller.id
  }

  private createIngest(feed: FeedId): FeedIngest {
    const { wire, id } = this.caller
    const { store, tell, counters } = this.shared
    return createFeedIngest(
      { store, tell, counters },
      {
        feed,
        from: id,
        hold: () => wire.hold(),
        release: () => wire.release(),
        stop: () => {
          this.ingests.set(feed, null)
          this.notes.add(feed)
          this.pump()
        },
      },
    )
  }

  // --- what goes out --------------------------------------------------------------------------------------------

  /** Sends what can be sent now, and schedules the next turn. Notes come first, as the other end waits for them. */
  private pump(): void {
    const { stream } = this
    while (!stream.isEnded && !this.next) {
      if (stream.isFull) return stream.waitForRoom()
      // each note is a read of the store, so their number per turn of the event loop is limited
      if (this.sendNotes() || this.hearSome()) this.next = setImmediate(EbtSession.nextTurn, this)
      else {
        const [feed] = this.due
        if (feed === undefined || !this.sendMessages(feed)) return
      }
    }
  }

  private hearSome(): boolean {
    const some = this.heard.splice(0, EBT_NOTES)
    for (const entry of some) this.hear(entry)
    if (this.heard.length === 0) this.letGo()
    return some.length > 0
  }

  /** @returns whether there was anything to send */
  private sendNotes(): boolean {
    if (this.refusals.length === 0 && this.notes.size === 0 && !this.nextOfClock()) return false
    const { shared } = this
    const clock: Record<FeedId, number> = {}
    for (const feed of this.refusals) clock[feed] = REFUSED
    this.refusals = []
    let left = EBT_NOTES
    for (const feed of this.notes) {
      if (left-- <= 0) break
      this.notes.delete(feed)
      clock[feed] = shared.isServed(feed) ? encodeNote(shared.contiguous(feed), this.takes(feed)) : REFUSED
    }
    this.stream.write(clock)
    return true
  }

  /** Adds the next members to the notes. @returns whether there were any */
  private nextOfClock(): boolean {
    if (!this.clockFrom) return false
    const page = this.shared.store.members.page(this.clockFrom.after, EBT_NOTES)
    const last = page.at(-1)
    this.clockFrom = last === undefined ? null : { after: last }
    for (const feed of page) this.notes.add(feed)
    return page.length > 0
  }

  /** @returns false if the session must wait, after arranging to be called again */
  private sendMessages(feed: FeedId): boolean {
    const { shared, stream } = this
    const known = shared.positions.get(feed, this) ?? 0
    const flags = known & (WANTS | REPLICATES)
    let held = sequenceOf(known)
    const page =
      known & WANTS && shared.isServed(feed) ? shared.store.feeds.read(feed, held + 1, HISTORY_CHUNK) : []
    this.due.delete(feed)
    for (const { sequence, bytes } of page) {
      // EBT has no gaps: the other end stops at the first one until it is filled
      if (sequence !== held + 1) return true
      if (!shared.turns.take()) {
        this.due.add(feed)
        shared.turns.wait(this, this.wake)
        return false
      }
      held = sequence
      const hasRoom = stream.writeJson(storedValue(bytes))
      // a write may end the largest queue, which may be this one: nothing may be kept of an ended session
      if (stream.isEnded) return false
      shared.positions.set(feed, this, held * 4 + flags)
      if (!hasRoom) {
        this.due.add(feed)
        stream.waitForRoom()
        return false
      }
    }
    // to the end of the queue, so that a long feed does not delay the others
    if (page.length > 0) this.due.add(feed)
    return true
  }

  private letGo(): void {
    if (!this.holding) return
    this.holding = false
    this.caller.wire.release()
  }

  private release(): void {
    for (const ingest of this.ingests.values()) ingest?.end()
    this.shared.positions.drop(this)
    this.due.clear()
    if (this.next) clearImmediate(this.next)
    this.notes.clear()
    this.heard = []
    this.refusals = []
    this.clockFrom = null
    this.shared.turns.drop(this, this.wake)
    this.letGo()
    this.shared.ended(this.caller)
  }
}

function sequenceOf(known: number): number {
  return Math.floor(known / 4)
}
