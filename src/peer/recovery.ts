// SPDX-License-Identifier: AGPL-3.0-or-later
// Recovery after a restore: asks callers for messages that the relay published after the backup. Publishing pauses.

import { existsSync, rmSync } from 'node:fs'
import type { Clock } from '../lib/clock.js'
import { RelayError, toPublicError } from '../lib/errors.js'
import { RECOVERY_MS } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { readSource } from '../muxrpc/stream-reader.js'
import type { FeedId } from '../ssb/feed-id.js'
import { type MessageValue, verifyMessage } from '../ssb/message.js'
import type { Store } from '../store/store.js'
import type { Connection } from './connection.js'

export interface Recovery {
  /** Whether publishing is paused. */
  pending(): boolean
  /** Asks a caller for newer messages of the relay's own feed. */
  ask(connection: Connection): void
  /** Ends the recovery: rebuilds the members table and resumes publishing. */
  finish(): Promise<void>
  close(): void
}

/**
 * Starts a recovery if a restore has left a mark file. Publishing pauses, because a second message for a sequence would
 * fork the feed, and clients reject forked feeds forever. The recovery ends by itself `RECOVERY_MS` after the first
 * caller has answered.
 * @param mark path of the mark file; removed at the end, so that a killed relay resumes the recovery
 */
export function createRecovery(
  { store, clock, log }: { store: Store; clock: Clock; log: Log },
  { own, mark }: { own: FeedId; mark: string },
): Recovery {
  let pending = existsSync(mark)
  let cancelTimer: (() => void) | null = null
  if (pending) {
    store.own.hold()
    log.warn('recovery started, publishing paused')
  }

  function startTimer(): void {
    if (!pending) return
    cancelTimer ??= clock.after(RECOVERY_MS, () => {
      finish().catch((err) => log.error({ err }, 'recovery failed'))
    })
  }

  async function finish(): Promise<void> {
    if (!pending) return
    cancelTimer?.()
    await store.members.rebuild()
    rmSync(mark, { force: true })
    pending = false
    store.own.release()
    log.info({ latest: store.feeds.info(own).latest }, 'recovery finished')
  }

  async function gather({ rpc, wire }: Connection): Promise<void> {
    if (!rpc) return
    // from the last stored message: a caller without our feed then sends nothing, and does not count as an answer
    const from = Math.max(store.feeds.info(own).latest, 1)
    const query = { id: own, sequence: from, seq: from, keys: false, live: false, old: true }
    let received = 0
    for await (const value of readSource(rpc, ['createHistoryStream'], [query], wire)) {
      const isStored = pending && (await storeNext(value).catch(reject))
      if (!isStored) return
      received += 1
    }
    if (received > 0) startTimer()
  }

  /** Stores a message if it is the next of the own feed. Rejects for any other, which ends the stream. */
  async function storeNext(data: unknown): Promise<boolean> {
    const value = typeof data === 'object' && data !== null && 'value' in data ? data.value : data
    const message = verifyMessage(value)
    const tip = store.feeds.tip(own)
    if (message.author !== own) throw new RelayError('message_unwanted')
    const latest = tip?.sequence ?? 0
    if (message.sequence < latest) return true
    const { previous } = value as MessageValue
    const follows =
      message.sequence === latest
        ? message.hash === tip?.hash
        : message.sequence === latest + 1 && previous === (tip ? `%${tip.hash}.sha256` : null)
    if (!follows) throw new RelayError('feed_forked')
    await store.feeds.append(own, [message])
    return true
  }

  function reject(err: unknown): false {
    log.warn({ err: toPublicError(err).message }, 'own feed forked at a client')
    return false
  }

  return {
    pending: () => pending,
    ask(connection) {
      if (!pending) return
      gather(connection).catch((err) => log.debug({ err, id: connection.id }, 'own feed request failed'))
    },
    finish,
    close() {
      cancelTimer?.()
    },
  }
}
