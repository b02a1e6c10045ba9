// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs the secret handshake on a connection, with a deadline, and then makes it an encrypted connection.

import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { HANDSHAKE_TIMEOUT_MS, HANDSHAKES_AT_ONCE } from '../lib/limits.js'
import { createThrottledLog, type Log } from '../lib/log.js'
import type { Receiver, WireConnection } from './connection.js'
import { EncryptedConnection } from './encrypted-connection.js'
import {
  createServerIdentity,
  HELLO_BYTES,
  type KeyPair,
  PROOF_BYTES,
  ServerHandshake,
  type ServerIdentity,
} from './handshake.js'
import { loadSecretbox, type Secretbox } from './secretbox.js'

export interface HandshakeServerOptions<A> {
  keys: KeyPair
  appKey: Buffer
  /** Asynchronous work before `admit`, or null. A rejection refuses the caller. */
  prepare(publicKey: Buffer): Promise<unknown> | null
  /**
   * Decides by public key whether a caller is admitted. Throws to refuse: the handshake then fails, which is the only way
   * to refuse. The result is passed to `onAdmitted`.
   */
  admit(publicKey: Buffer, connection: WireConnection): A
  /** The handshake is complete. Must set the connection's receiver before it returns. */
  onAdmitted(connection: EncryptedConnection, admission: A): void
  /** milliseconds for the whole handshake; default: the limit */
  timeout?: number
}

export interface HandshakeServer {
  /** Starts the handshake on a new connection. */
  accept(connection: WireConnection): void
}

export function createHandshakeServer<A>(
  { log, counters = NO_COUNTERS }: { log: Log; counters?: Counters },
  options: HandshakeServerOptions<A>,
): HandshakeServer {
  const shared: Shared<A> = {
    secretbox: loadSecretbox(),
    identity: createServerIdentity(options.keys, options.appKey),
    timeout: options.timeout ?? HANDSHAKE_TIMEOUT_MS,
    options,
    underWay: new Map(),
    log,
    counters,
    tell: createThrottledLog(log, () => performance.now()),
  }
  return {
    accept(connection) {
      connection.receiver = new Handshake(connection, shared)
    },
  }
}

interface Shared<A> {
  secretbox: Secretbox
  identity: ServerIdentity
  timeout: number
  options: HandshakeServerOptions<A>
  /** handshakes by listener, oldest first: each listener has its own limit */
  underWay: Map<string, Set<Handshake<A>>>
  log: Log
  counters: Counters
  tell: ReturnType<typeof createThrottledLog>
}

/** One handshake. The object is released when it is over. */
class Handshake<A> implements Receiver {
  private readonly handshake: ServerHandshake
  private readonly timer: NodeJS.Timeout
  private readonly queue: Set<Handshake<A>>
  /** bytes of an incomplete message */
  private gathered: Buffer | null = null
  private held = 0
  private wanted = HELLO_BYTES
  /** bytes after the proof: boxes that the client sent before our acceptance */
  private rest: Buffer | null = null

  constructor(
    private readonly connection: WireConnection,
    private readonly shared: Shared<A>,
  ) {
    const { underWay, identity, timeout, counters } = shared
    const queue = underWay.get(connection.listener) ?? new Set()
    underWay.set(connection.listener, queue)
    this.queue = queue
    if (queue.size >= HANDSHAKES_AT_ONCE) {
      // The oldest is cut: slow callers must not keep out fast ones.
      counters.evicted('handshakes')
      queue.values().next().value?.refuse('too many handshakes')
    }
    queue.add(this)
    this.handshake = new ServerHandshake(identity)
    // One deadline for the whole handshake: sending a byte now and then does not extend it.
    this.timer = setTimeout(expire, timeout, this as Handshake<unknown>)
  }

  receive(chunk: Buffer): void {
    const { connection } = this
    let left: Buffer | null = chunk
    while (left && connection.receiver === this) {
      if (this.wanted === 0) {
        // waiting for admission: reading is paused, so at most one more chunk arrives
        this.rest = this.rest ? Buffer.concat([this.rest, left]) : Buffer.from(left)
        return
      }
      left = this.gather(left)
    }
    // admitted at once: the rest of the chunk contains boxes
    if (left) connection.receiver?.receive(left)
  }

  room(): void {}

  closed(): void {
    this.over()
  }

  refuse(reason: string): void {
    this.over()
    this.shared.log.debug({ reason, listener: this.connection.listener }, 'handshake refused')
    this.connection.destroy()
  }

  /** Collects bytes of the expected message. @returns the bytes after it */
  private gather(chunk: Buffer): Buffer | null {
    const { wanted } = this
    if (!this.gathered && chunk.length >= wanted) {
      this.message(chunk.subarray(0, wanted))
      return chunk.length > wanted ? chunk.subarray(wanted) : null
    }
    this.gathered ??= Buffer.alloc(PROOF_BYTES)
    const step = Math.min(wanted - this.held, chunk.length)
    chunk.copy(this.gathered, this.held, 0, step)
    this.held += step
    if (this.held === wanted) {
      this.held = 0
      this.message(this.gathered.subarray(0, wanted))
    }
    return chunk.length > step ? chunk.subarray(step) : null
  }

  private message(bytes: Buffer): void {
    const { handshake, connection } = this
    if (this.wanted === HELLO_BYTES) {
      const hello = handshake.hello(Buffer.from(bytes))
      if (!hello) return this.refuse('invalid hello or wrong network key')
      this.wanted = PROOF_BYTES
      connection.send(hello)
      return
    }
    const remote = handshake.prove(bytes)
    if (!remote) return this.refuse('invalid proof')
    this.wanted = 0
    clearTimeout(this.timer)
    this.prepare(remote)
  }

  private prepare(remote: Buffer): void {
    const { connection, shared } = this
    const prepared = shared.options.prepare(remote)
    if (!prepared) return this.admit(remote)
    connection.hold()
    prepared.then(
      () => {
        if (connection.closed) return
        this.admit(remote)
        connection.release()
      },
      (err: Error) => this.refuse(err.message),
    )
  }

  private admit(remote: Buffer): void {
    const { connection, handshake, shared } = this
    let admission: A
    try {
      admission = shared.options.admit(remote, connection)
    } catch (err) {
      if (err instanceof RelayError) shared.counters.refused(err)
      return this.refuse((err as Error).message)
    }
    this.over()
    connection.send(handshake.accept())
    const encrypted = new EncryptedConnection(connection, shared.secretbox, handshake.finish())
    try {
      shared.options.onAdmitted(encrypted, admission)
    } catch (err) {
      return this.fail(err)
    }
    if (this.rest) connection.take(this.rest)
  }

  private fail(err: unknown): void {
    this.shared.tell('error', 'handshake failed', { err })
    this.connection.destroy()
  }

  private over(): void {
    clearTimeout(this.timer)
    this.queue.delete(this)
  }
}

function expire(handshake: Handshake<unknown>): void {
  handshake.refuse('deadline passed')
}
