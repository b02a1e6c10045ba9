// SPDX-License-Identifier: AGPL-3.0-or-later
// Ingests one feed from one client: checks messages, stores them in batches, and pauses the socket when it lags.

import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import { RelayError, toPublicError } from '../lib/errors.js'
import {
  APPEND_BYTES,
  APPEND_GATHER_MS,
  APPEND_MESSAGES,
  BAD_MESSAGES_PER_STREAM,
  INCOMING_BYTES,
  INCOMING_VALUE_BYTES,
} from '../lib/limits.js'
import type { ThrottledLog } from '../lib/log.js'
import { JSON_BODY } from '../muxrpc/codec.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { VerifiedMessage } from '../ssb/message.js'
import type { Verdict } from '../ssb/verifier.js'
import type { Store } from '../store/store.js'
import type { Connection } from './connection.js'

export interface FeedIngestOptions {
  feed: FeedId
  /** the client that sends it, for the log */
  from: FeedId
  /** Too many bytes wait: the transport must not read until `release`. */
  hold(): void
  release(): void
  /** The ingest has ended: the caller must end the stream with this error. Called at most once. */
  stop(err: RelayError): void
}

export interface FeedIngest {
  /**
   * Adds an item of a history stream: a message's value, bare or keyed, or a mark such as `{sync: true}`.
   * @param item parsed, or its JSON
   * @param bytes length of a parsed item, if known
   */
  push(item: unknown, bytes?: number): void
  /** The stream has ended; waiting messages are still stored. */
  end(): void
}

/**
 * Stores the history of a feed until the stream ends, the feed is unfollowed, or too many messages are invalid.
 * One write runs at a time; messages that arrive meanwhile form the next batch.
 */
export function createFeedIngest(
  {
    store,
    tell,
    counters = NO_COUNTERS,
  }: { store: Pick<Store, 'members' | 'feeds' | 'verifier'>; tell: ThrottledLog; counters?: Counters },
  { feed, from, hold, release, stop }: FeedIngestOptions,
): FeedIngest {
  const lane = store.verifier.lane(receive)
  /** bytes of each message that is being checked, in order */
  let checking: number[] = []
  let pending: Array<{ message: VerifiedMessage; bytes: number }> = []
  let pendingBytes = 0
  let waitingBytes = 0
  let writing = false
  let holding = false
  let refused = 0
  let gather: NodeJS.Timeout | null = null
  let ended = false
  let stopped = false

  function finish(err: RelayError): void {
    if (stopped) return
    stopped = true
    lane.close()
    checking = []
    pending = []
    if (gather) clearTimeout(gather)
    letGo()
    stop(err)
  }

  function letGo(): void {
    if (!holding) return
    // set first: release() reads at once and can call this function again
    holding = false
    release()
  }

  function done(bytes: number): void {
    waitingBytes -= bytes
    if (waitingBytes <= INCOMING_BYTES) letGo()
  }

  function note(err: RelayError): void {
    refused += 1
    counters.refused(err)
    if (refused === 1) tell('info', 'message rejected', { id: from, feed, code: err.code, err: err.message })
    if (refused >= BAD_MESSAGES_PER_STREAM) finish(err)
  }

  function receive(verdicts: Verdict[]): void {
    const lengths = checking.splice(0, verdicts.length)
    for (const [i, verdict] of verdicts.entries()) {
      if (stopped) return
      const bytes = lengths[i] ?? 0
      const problem =
        verdict instanceof RelayError
          ? verdict
          : verdict.author === feed
            ? null
            : new RelayError('message_unwanted')
      if (problem) {
        done(bytes)
        if (problem !== MARK) note(problem)
      } else {
        pending.push({ message: verdict as VerifiedMessage, bytes })
        pendingBytes += bytes
      }
    }
    scheduleWrite()
  }

  function scheduleWrite(): void {
    if (writing || stopped || pending.length === 0) return
    if (checking.length === 0 || pendingBytes >= APPEND_BYTES) void write()
    else gather ??= setTimeout(() => void write(), APPEND_GATHER_MS)
  }

  async function write(): Promise<void> {
    if (gather) clearTimeout(gather)
    gather = null
    if (writing || stopped) return
    writing = true
    const batch = pending.slice(0, APPEND_MESSAGES)
    pending = pending.slice(APPEND_MESSAGES)
    const bytes = batch.reduce((sum, each) => sum + each.bytes, 0)
    pendingBytes -= bytes
    await append(batch.map(({ message }) => message))
    writing = false
    if (stopped) return
    done(bytes)
    if (ended && checking.length === 0 && pending.length === 0) lane.close()
    scheduleWrite()
  }

  async function append(batch: VerifiedMessage[]): Promise<void> {
    try {
      const outcome = await store.feeds.append(feed, batch, () => {
        // unfollowed or blocked since the request
        if (!store.members.has(feed)) throw new RelayError('message_unwanted')
      })
      for (const sequence of outcome.forked) {
        tell('warn', 'forked feed, message rejected', { id: from, feed, sequence })
        note(new RelayError('feed_forked'))
      }
      if (outcome.full) {
        tell('warn', 'storage limit reached, feed stopped', { feed, code: outcome.full })
        const refusal = new RelayError(outcome.full, undefined, { limit: outcome.full })
        counters.refused(refusal)
        finish(refusal)
      }
    } catch (err) {
      const known = toPublicError(err)
      if (known.code !== 'message_unwanted') tell('error', 'cannot store messages', { err, feed })
      finish(known)
    }
  }

  return {
    push(item, bytes) {
      if (stopped || ended) return
      const counted = Buffer.isBuffer(item) ? item.length : (bytes ?? INCOMING_VALUE_BYTES)
      checking.push(counted)
      waitingBytes += counted
      lane.push(() => messageIn(item))
      if (waitingBytes > INCOMING_BYTES && !holding) {
        holding = true
        hold()
      }
    },
    end() {
      ended = true
      if (checking.length === 0 && pending.length === 0 && !writing) lane.close()
    },
  }
}

/**
 * Requests a feed from a client and stores it.
 * @param query the argument of `createHistoryStream`
 */
export function ingestFeed(
  components: { store: Store; tell: ThrottledLog; counters: Counters },
  { id, rpc, wire }: Connection,
  feed: FeedId,
  query: object,
): void {
  if (!rpc) return
  const ingest = createFeedIngest(components, {
    feed,
    from: id,
    hold: () => wire.hold(),
    release: () => wire.release(),
    stop: (err) => stream.end(err),
  })
  const stream = rpc.stream(['createHistoryStream'], [query], 'source', {
    // copied, because the buffer is valid only during this call
    data: (body, type) => ingest.push(type === JSON_BODY ? Buffer.from(body) : null),
    ended: () => ingest.end(),
  })
}

/** Thrown for a mark: neither a message nor an error. */
const MARK = new RelayError('message_unwanted', 'a mark')

/** The message value of an item of a history stream, bare or keyed. @throws MARK for marks such as `{sync: true}` */
function messageIn(item: unknown): unknown {
  const data = Buffer.isBuffer(item) ? parse(item) : item
  if (typeof data !== 'object' || data === null) return data
  if ('value' in data) return data.value
  if ('sync' in data) throw MARK
  return data
}

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString())
  } catch {
    throw new RelayError('message_invalid', 'not JSON')
  }
}
