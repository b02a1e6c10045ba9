// Takes one feed in from one client: checks every message, stores in batches, and holds the socket when the disk lags.

import { RelayError, toPublicError } from '../lib/errors.js'
import { BAD_MESSAGES_PER_STREAM, INCOMING_BYTES } from '../lib/limits.js'
import type { ThrottledLog } from '../lib/log.js'
import type { FeedId } from '../ssb/feed-id.js'
import { type VerifiedMessage, verifyMessage } from '../ssb/message.js'
import type { Store } from '../store/store.js'
import type { Session } from './session.js'
import type { Source } from './wire/pull.js'

/**
 * Drains a history of `feed` into the store until it ends, the feed is no longer followed, or too much of it is bad.
 * One write is under way at a time; what arrives meanwhile makes the next batch.
 */
export function ingestFeed(
  { store, tell }: { store: Store; tell: ThrottledLog },
  session: Session,
  feed: FeedId,
  read: Source<unknown>,
): void {
  let pending: VerifiedMessage[] = []
  let writing = false
  let waitingBytes = 0
  let holding = false
  let refused = 0
  let stop: RelayError | null = null

  function note(err: RelayError): void {
    refused += 1
    if (refused === 1)
      tell('info', 'a message was refused', { id: session.id, feed, code: err.code, err: err.message })
    if (refused >= BAD_MESSAGES_PER_STREAM) stop = err
  }

  function take(data: unknown): void {
    const value = messageIn(data)
    if (value === undefined) return
    let message: VerifiedMessage
    try {
      message = verifyMessage(value)
      if (message.author !== feed) throw new RelayError('message_unwanted')
    } catch (err) {
      note(toPublicError(err))
      return
    }
    pending.push(message)
    waitingBytes += message.json.length
    if (waitingBytes > INCOMING_BYTES && !holding) {
      holding = true
      session.link.hold()
    }
    if (!writing) void write()
  }

  function letGo(): void {
    // first, because releasing reads on at once and may end up here again
    const held = holding
    holding = false
    if (held) session.link.release()
  }

  async function write(): Promise<void> {
    writing = true
    while (pending.length > 0) {
      // Unfollowed or blocked since it was asked for: what has not been written is not wanted any more.
      if (!store.members.has(feed)) stop = new RelayError('message_unwanted')
      if (stop) break
      const batch = pending
      pending = []
      const bytes = batch.reduce((sum, message) => sum + message.json.length, 0)
      try {
        const outcome = await store.feeds.append(feed, batch)
        for (const sequence of outcome.forked) {
          tell('warn', 'a forked feed: the second message was refused', { id: session.id, feed, sequence })
          note(new RelayError('feed_forked'))
        }
        if (outcome.full) {
          stop = new RelayError(outcome.full)
          tell('warn', 'a feed is not taken in any further', { feed, code: stop.code })
        }
      } catch (err) {
        stop = toPublicError(err)
        tell('error', 'messages could not be stored', { err, feed })
      }
      waitingBytes -= bytes
      if (waitingBytes <= INCOMING_BYTES) letGo()
    }
    pending = []
    writing = false
    letGo()
    if (stop) read(stop, () => {})
  }

  function next(): void {
    // A loop, not recursion: a client may have thousands of messages buffered.
    let sync = true
    let again = true
    while (again) {
      again = false
      sync = true
      read(stop, (end, data) => {
        if (end) return
        take(data)
        if (sync) again = true
        else next()
      })
      sync = false
    }
  }
  next()
}

/** The message value in what a history stream carries: bare, or keyed. Marks such as `{sync: true}` carry none. */
function messageIn(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data
  if ('value' in data) return data.value
  return 'sync' in data ? undefined : data
}
