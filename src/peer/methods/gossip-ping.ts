// SPDX-License-Identifier: AGPL-3.0-or-later
// gossip.ping: exchanges timestamps, which keeps a connection alive and shows each side the other's clock.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { HOUR, MINUTE, SECOND } from '../../lib/limits.js'
import type { Methods } from '../../muxrpc/registry.js'
import type { RpcStream, StreamHandler } from '../../muxrpc/stream.js'
import type { AccessTable } from '../access.js'
import { asObject, integerField } from '../arguments.js'
import type { Connection } from '../connection.js'

/** Milliseconds between exchanges: the default, and the limits for the caller's value. */
const PAUSE_MS = 5 * MINUTE
const PAUSE_MIN_MS = 10 * SECOND
const PAUSE_MAX_MS = HOUR

/**
 * The answering side of pull-ping: answers each timestamp at once and sends the next one after a pause. One timer runs,
 * however many timestamps a caller sends. A connection can have one ping.
 */
export function gossipMethods({ everyone }: AccessTable, { clock }: { clock: Clock }): Methods<Connection> {
  const pinging = new WeakSet<Connection>()

  function open(caller: Connection, stream: RpcStream, argument: unknown): void {
    const asked = integerField(asObject(argument ?? {}), 'timeout') ?? PAUSE_MS
    const pause = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, asked))
    if (pinging.has(caller))
      throw new RelayError('busy', 'this connection already has a ping', { limit: 'pings' })
    pinging.add(caller)
    stream.handler = new Ping(stream, clock, pause, () => pinging.delete(caller))
  }

  return { 'gossip.ping': { type: 'duplex', access: everyone, open } }
}

class Ping implements StreamHandler {
  /** whether the next timestamp answers one of ours */
  private serving = false
  /** whether a timestamp waits to be sent */
  private due = false
  private cancel: (() => void) | null = null

  constructor(
    private readonly stream: RpcStream,
    private readonly clock: Clock,
    private readonly pause: number,
    private readonly onEnd: () => void,
  ) {}

  data(): void {
    if (this.serving) {
      this.serving = false
      return
    }
    this.send()
    this.cancel?.()
    this.cancel = this.clock.after(this.pause, () => {
      this.serving = true
      this.send()
    })
  }

  room(): void {
    if (this.due) this.send()
  }

  ended(): void {
    this.cancel?.()
    this.onEnd()
  }

  private send(): void {
    this.due = this.stream.isFull
    if (this.due) this.stream.waitForRoom()
    else this.stream.write(this.clock.now())
  }
}
