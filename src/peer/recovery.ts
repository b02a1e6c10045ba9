// After a restore: callers are asked for what the relay published since the backup, and it publishes nothing meanwhile.

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
  /** Whether the relay may not publish yet. */
  pending(): boolean
  /** Asks any caller for what it holds of our feed beyond what we do. */
  ask(connection: Connection): void
  /** Ends it: what was recovered is folded into the members, and the relay publishes again. */
  finish(): Promise<void>
  close(): void
}

/**
 * A second message for a sequence is a fork, which every client refuses for ever; hence the silence.
 * Begins a recovery if a restore has left its mark; ends it by itself some minutes after the first caller has answered.
 * @param mark path of the mark; removed when all is done, so that a relay that is killed goes on where it was
 */
export function createRecovery(
  { store, clock, log }: { store: Store; clock: Clock; log: Log },
  { own, mark }: { own: FeedId; mark: string },
): Recovery {
  let pending = existsSync(mark)
  let cancelTimer: (() => void) | null = null
  if (pending) {
    store.own.hold()
    log.warn('restored: nothing is published until somebody has been asked how far the own feed had come')
  }

  function heard(): void {
    if (!pending) return
    cancelTimer ??= clock.after(RECOVERY_MS, () => {
      finish().catch((err) => log.error({ err }, 'the recovery of the own feed could not be ended'))
    })
  }

  async function finish(): Promise<void> {
    if (!pending) return
    cancelTimer?.()
    await store.members.rebuild()
    rmSync(mark, { force: true })
    pending = false
    store.own.release()
    log.info({ latest: store.feeds.info(own).latest }, 'the own feed is recovered')
  }

  async function gather({ rpc, tcp }: Connection): Promise<void> {
    if (!rpc) return
    // from the last one we have, so that a caller that holds nothing of ours is not taken for one that has told us
    const from = Math.max(store.feeds.info(own).latest, 1)
    const query = { id: own, sequence: from, seq: from, keys: false, live: false, old: true }
    let told = 0
    for await (const value of readSource(rpc, ['createHistoryStream'], [query], tcp)) {
      const taken = pending && (await take(value).catch(refuse))
      if (!taken) return
      told += 1
    }
    if (told > 0) heard()
  }

  /** Stores one message if it is the next of ours; answers false for one that is not, whose stream is worth no more. */
  async function take(data: unknown): Promise<boolean> {
    const value = typeof data === 'object' && data !== null && 'value' in data ? data.value : data
    const message = verifyMessage(value)
    const tip = store.feeds.tip(own)
    if (message.author !== own) throw new RelayError('message_unwanted')
    const held = tip?.sequence ?? 0
    if (message.sequence < held) return true
    const { previous } = value as MessageValue
    const follows =
      message.sequence === held
        ? message.hash === tip?.hash
        : message.sequence === held + 1 && previous === (tip ? `%${tip.hash}.sha256` : null)
    if (!follows) throw new RelayError('feed_forked')
    await store.feeds.append(own, [message])
    return true
  }

  function refuse(err: unknown): false {
    log.warn({ err: toPublicError(err).message }, 'a caller holds another feed under our key')
    return false
  }

  return {
    pending: () => pending,
    ask(connection) {
      if (!pending) return
      gather(connection).catch((err) =>
        log.debug({ err, id: connection.id }, 'caller cannot tell of our feed'),
      )
    },
    finish,
    close() {
      cancelTimer?.()
    },
  }
}
