// One session of `ebt.replicate` (EBT version 3, classic feeds): notes and messages, both ways, on one duplex stream.

import { RelayError } from '../../lib/errors.js'
import { EBT_CLOCK_BYTES, EBT_NOTES, EBT_WISHES, HISTORY_CHUNK } from '../../lib/limits.js'
import { decodeBody } from '../../muxrpc/codec.js'
import type { RpcStream, StreamHandler } from '../../muxrpc/stream.js'
import { type FeedId, isFeedId, keyOf } from '../../ssb/feed-id.js'
import { storedValue } from '../../ssb/message.js'
import type { Connection } from '../connection.js'
import { createFeedIngest, type FeedIngest } from '../feed-ingest.js'
import type { EbtShared, GrowthListener } from './contract.js'
import { decodeNote, encodeNote, REFUSED } from './note.js'

/** What the other end has said of a feed, in one number to save memory: its sequence times four, and these two bits. */
const WANTS = 1
const REPLICATES = 2

export class EbtSession implements StreamHandler, GrowthListener {
  /** feeds that the other end has named and that we serve: bounded by the number of members */
  private readonly peer = new Map<FeedId, number>()
  /** feeds of which messages may be due */
  private readonly due = new Set<FeedId>()
  /** feeds whose note is to be sent */
  private readonly notes = new Set<FeedId>()
  /** notes of the other end that are yet to be looked at; while there are any, nothing more is read from it */
  private heard: Array<[FeedId, unknown]> = []
  /** feeds to be answered with a refusal: as many as one look at `heard` finds */
  private refusals: FeedId[] = []
  /**
   * The first bytes of the keys of feeds that were asked for and refused. The other end asks once: when such a feed is
   * served later, it is sent from the start, and the other end says where it is if it has a part of it.
   */
  private wishes = new Uint32Array(0)
  private wished = 0
  /** what stores the feeds that we take from this end, made when the first message comes */
  private readonly ingests = new Map<FeedId, FeedIngest | null>()
  /** our own clock goes out page by page; null once all of it is out */
  private clockFrom: { after: FeedId | null } | null = { after: null }
  private holding = false
  private next: NodeJS.Immediate | null = null
  private readonly wake = (): void => this.pump()
  private readonly nextTurn = (): void => {
    this.next = null
    this.pump()
  }

  constructor(
    private readonly shared: EbtShared,
    private readonly caller: Connection,
    private readonly stream: RpcStream,
    private readonly onEnd: () => void,
  ) {
    stream.handler = this
    stream.jsonBytes = EBT_CLOCK_BYTES
  }

  /** Sends our clock: the end that called waits for it before it sends its own. */
  start(): void {
    this.notes.add(this.shared.own)
    this.pump()
  }

  /** A feed has messages that it had not before. */
  grown(feed: FeedId): void {
    const known = this.peer.get(feed)
    if (known === undefined || !(known & REPLICATES)) return
    if (known & WANTS) this.due.add(feed)
    else if (this.shared.contiguous(feed) > sequenceOf(known)) this.notes.add(feed)
    this.pump()
  }

  /** A feed is served now, or no longer, or has been started over. */
  changed(feed: FeedId): void {
    if (!this.shared.isServed(feed)) {
      if (!this.peer.has(feed)) return
      this.forget(feed)
    } else if (!this.peer.has(feed) && this.wishes.subarray(0, this.wished).includes(wishOf(feed))) {
      this.shared.track(feed, this)
      this.peer.set(feed, WANTS + REPLICATES)
      this.due.add(feed)
    }
    this.ingests.get(feed)?.end()
    this.ingests.delete(feed)
    this.notes.add(feed)
    this.pump()
  }

  /** EBT has been turned off, or the relay closes. */
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
    this.caller.tcp.hold()
  }

  private hear([feed, note]: [FeedId, unknown]): void {
    // some apps have named what is no feed; such names get no answer
    if (!isFeedId(feed)) return
    const { replicate, receive, sequence } = decodeNote(note)
    if (!this.shared.isServed(feed)) {
      if (replicate) this.refusals.push(feed)
      if (receive) this.wish(feed)
      return
    }
    if (!this.peer.has(feed)) this.shared.track(feed, this)
    this.peer.set(feed, sequence * 4 + (receive ? WANTS : 0) + (replicate ? REPLICATES : 0))
    this.due.delete(feed)
    if (!replicate || this.shared.contiguous(feed) <= sequence) return
    if (receive) this.due.add(feed)
    else this.notes.add(feed)
  }

  private wish(feed: FeedId): void {
    if (this.wished >= EBT_WISHES) return
    if (this.wished === this.wishes.length) {
      const larger = new Uint32Array(Math.max(16, 2 * this.wished))
      larger.set(this.wishes)
      this.wishes = larger
    }
    this.wishes[this.wished++] = wishOf(feed)
  }

  private receive(author: FeedId, sequence: number, message: object, bytes: number): void {
    // A feed that was not asked for is dropped: the other end may have sent it before it read our note.
    if (!isFeedId(author) || !this.takes(author)) return
    const known = this.peer.get(author)
    // It holds what it sends, so it is not sent back.
    if (known !== undefined && sequence > sequenceOf(known) && Number.isSafeInteger(sequence))
      this.peer.set(author, sequence * 4 + (known & (WANTS | REPLICATES)))
    let ingest = this.ingests.get(author)
    if (ingest === undefined) {
      ingest = this.createIngest(author)
      this.ingests.set(author, ingest)
    }
    ingest?.push(message, bytes)
  }

  /** Members send their own feed and those they vouch for; stopped feeds are taken no further. */
  private takes(feed: FeedId): boolean {
    if (this.ingests.get(feed) === null) return false
    const { members, feeds } = this.shared.store
    // what follows a fork can be of either branch
    if (feeds.fork(feed)?.cut !== undefined) return false
    if (feed === this.caller.id) return members.has(feed)
    return members.get(feed)?.voucher === this.caller.id
  }

  private createIngest(feed: FeedId): FeedIngest {
    const { tcp, id } = this.caller
    const { store, tell, counters } = this.shared
    return createFeedIngest(
      { store, tell, counters },
      {
        feed,
        from: id,
        hold: () => tcp.hold(),
        release: () => tcp.release(),
        stop: () => {
          this.ingests.set(feed, null)
          this.notes.add(feed)
          this.pump()
        },
      },
    )
  }

  // --- what goes out --------------------------------------------------------------------------------------------

  /** Sends what can be sent now; else arranges to be called again. Notes come first: they are what the other end waits for. */
  private pump(): void {
    const { stream } = this
    while (!stream.isEnded && !this.next) {
      if (stream.isFull) return stream.waitForRoom()
      // each note is a read of the store: so many in one turn of the event loop
      if (this.sendNotes() || this.hearSome()) this.next = setImmediate(this.nextTurn)
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

  /** @returns whether to go on; if not, what has to come first is arranged for */
  private sendMessages(feed: FeedId): boolean {
    const { shared, stream } = this
    const known = this.peer.get(feed) ?? 0
    const flags = known & (WANTS | REPLICATES)
    let held = sequenceOf(known)
    const page =
      known & WANTS && shared.isServed(feed) ? shared.store.feeds.read(feed, held + 1, HISTORY_CHUNK) : []
    this.due.delete(feed)
    for (const { sequence, bytes } of page) {
      // EBT knows no holes: the other end stops at the first, until it is filled
      if (sequence !== held + 1) return true
      if (!shared.turns.take()) {
        this.due.add(feed)
        shared.turns.wait(this, this.wake)
        return false
      }
      held = sequence
      this.peer.set(feed, held * 4 + flags)
      if (!stream.writeJson(storedValue(bytes))) {
        this.due.add(feed)
        stream.waitForRoom()
        return false
      }
    }
    // to the end of the line: one long feed keeps no other waiting
    if (page.length > 0) this.due.add(feed)
    return true
  }

  private forget(feed: FeedId): void {
    this.peer.delete(feed)
    this.due.delete(feed)
    this.shared.untrack(feed, this)
  }

  private letGo(): void {
    if (!this.holding) return
    this.holding = false
    this.caller.tcp.release()
  }

  private release(): void {
    for (const ingest of this.ingests.values()) ingest?.end()
    for (const feed of [...this.peer.keys()]) this.forget(feed)
    if (this.next) clearImmediate(this.next)
    this.notes.clear()
    this.heard = []
    this.refusals = []
    this.clockFrom = null
    this.shared.turns.drop(this, this.wake)
    this.letGo()
    this.onEnd()
  }
}

function wishOf(feed: FeedId): number {
  return keyOf(feed).readUInt32LE(0)
}

function sequenceOf(known: number): number {
  return Math.floor(known / 4)
}
