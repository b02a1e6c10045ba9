// SPDX-License-Identifier: AGPL-3.0-or-later
// The control connection to a tor: granax's controller with its faults in reading replies and handling errors fixed.

import type { Socket } from 'node:net'
import TorController from 'granax/lib/controller.js'
import type { Clock } from '../lib/clock.js'
import { SECOND } from '../lib/limits.js'
import { createReplyReader, type Reply } from './replies.js'

/** Milliseconds for tor to answer a command; a board under load needs some hundreds. */
export const COMMAND_MS = 10 * SECOND

/** tor rejected a command. `code` as in control-spec, 4. */
export class ControlError extends Error {
  constructor(
    readonly code: number,
    words: string,
  ) {
    super(words)
  }
}

type Callback = (err: Error | null, reply?: Reply) => void

interface Waiting {
  callback: Callback
  stopClock: () => void
}

/**
 * Uses granax to compose commands, to emit events, and to forward socket events to `_handle…`. granax's own reply
 * reader and parsers are not used: they need each reply in one chunk, truncate data, and throw without a handler.
 *
 * One controller is one connection. When it ends, all waiting and later commands fail, and `ended` resolves. It emits
 * no `error` event, which would end the process.
 */
export class Controller extends TorController {
  /** resolves with the reason when the connection ends */
  readonly ended: Promise<Error>
  readonly #wire: Socket
  readonly #clock: Clock
  readonly #waiting: Waiting[] = []
  #over: Error | null = null
  #resolveEnded: (why: Error) => void = () => {}

  /** @param wire a connected socket without other readers */
  constructor(wire: Socket, { clock }: { clock: Clock }) {
    super(withoutPipe(wire), { authOnConnect: false })
    this.#wire = wire
    this.#clock = clock
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    const read = createReplyReader((reply) => this.#take(reply))
    wire.on('data', (chunk) => {
      if (this.#over) return
      try {
        read(chunk)
      } catch (err) {
        this.end(err as Error)
      }
    })
  }

  /** Sends a command that granax composes: `ask((cb) => controller.getInfo('version', cb))`. @throws ControlError */
  ask(send: (callback: Callback) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      send((err, reply) => (err || !reply ? reject(err) : resolve(reply)))
    })
  }

  /** Sends a command line that granax cannot compose. @throws ControlError */
  command(line: string): Promise<Reply> {
    return this.ask((callback) => this._send(line, callback))
  }

  /** Ends the connection; waiting commands fail with the reason. */
  end(why: Error = new Error('closed')): void {
    if (this.#over) return
    this.#over = why
    this.#wire.destroy()
    for (const { callback, stopClock } of this.#waiting.splice(0)) {
      stopClock()
      callback(why)
    }
    this.emit('close')
    this.#resolveEnded(why)
  }

  override _send(command: string, callback: Callback = () => {}): void {
    if (this.#over) return callback(this.#over)
    if (/[\r\n\0]/.test(command)) return callback(new Error('a command must be one line'))
    // answers come in the order of commands: after a missing one, later answers cannot be assigned
    const stopClock = this.#clock.after(COMMAND_MS, () =>
      this.end(new Error(`no answer to ${command.split(' ')[0]} within ${COMMAND_MS / SECOND} s`)),
    )
    this.#waiting.push({ callback, stopClock })
    this.#wire.write(`${command}\r\n`)
  }

  override _handleError(err: Error): void {
    this.end(err)
  }

  override _handleClose(): void {
    this.end(new Error('tor hung up'))
  }

  #take(reply: Reply): void {
    if (this.#over) return
    const [first] = reply.lines
    if (reply.code >= 600) {
      const [, event = '', rest = ''] = /^(\S+) ?(.*)$/s.exec(first?.text ?? '') ?? []
      // with a prefix, so that tor cannot emit Node's special events such as `error`
      this.emit(`tor:${event}`, rest)
      return
    }
    const next = this.#waiting.shift()
    if (!next) return this.end(new Error('tor sent a reply without a command'))
    next.stopClock()
    if (reply.code < 300) next.callback(null, reply)
    else next.callback(new ControlError(reply.code, `${reply.code} ${first?.text ?? ''}`))
  }
}

/** The socket for granax: its events without its data. */
function withoutPipe(wire: Socket): object {
  const seen = {
    on(event: string, listener: (...args: unknown[]) => void) {
      wire.on(event, listener)
      return seen
    },
    pipe: () => ({ on() {} }),
  }
  return seen
}
