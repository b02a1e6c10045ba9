// The control connection to a tor: granax's controller, with everything mended that a server cannot live with.

import type { Socket } from 'node:net'
import TorController from 'granax/lib/controller.js'
import type { Clock } from '../lib/clock.js'
import { SECOND } from '../lib/limits.js'
import { createReplyReader, type Reply } from './replies.js'

/** Milliseconds a tor may take to answer a command; one on a board under load takes some hundreds. */
export const COMMAND_MS = 10 * SECOND

/** A tor said no. `code` is of control-spec, 4. */
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
 * Of granax this uses the vocabulary (its methods compose the commands), the event emitter, and the way the socket's
 * events reach `_handle…`. Its reader of replies is never fed and its parsers are not asked: they need each reply in a
 * chunk of its own, cut data and values, and throw where nobody waits.
 *
 * One controller is one connection: when that is over, for whatever reason, everything that waits is told, all later
 * commands are refused, and `ended` resolves. There is no event `error` that could bring the process down.
 */
export class Controller extends TorController {
  /** why the connection is over */
  readonly ended: Promise<Error>
  readonly #wire: Socket
  readonly #clock: Clock
  readonly #waiting: Waiting[] = []
  #over: Error | null = null
  #resolveEnded: (why: Error) => void = () => {}

  /** @param wire connected, and read by nobody else */
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

  /** Sends a command of granax's: `ask((cb) => controller.getInfo('version', cb))`. @throws ControlError */
  ask(send: (callback: Callback) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      send((err, reply) => (err || !reply ? reject(err) : resolve(reply)))
    })
  }

  /** Sends a command as it stands, for what granax has no words for. @throws ControlError */
  command(line: string): Promise<Reply> {
    return this.ask((callback) => this._send(line, callback))
  }

  /** Ends the connection now; what waits is told why. */
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
    // answers come in the order of the commands: behind one that is missing, none can be told apart
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
    this.end(new Error('it hung up'))
  }

  #take(reply: Reply): void {
    if (this.#over) return
    const [first] = reply.lines
    if (reply.code >= 600) {
      const [, event = '', rest = ''] = /^(\S+) ?(.*)$/s.exec(first?.text ?? '') ?? []
      // a name of our own for each, so that a tor cannot emit what Node's emitters treat apart, such as `error`
      this.emit(`tor:${event}`, rest)
      return
    }
    const next = this.#waiting.shift()
    if (!next) return this.end(new Error('it answered what nobody had asked'))
    next.stopClock()
    if (reply.code < 300) next.callback(null, reply)
    else next.callback(new ControlError(reply.code, `${reply.code} ${first?.text ?? ''}`))
  }
}

/** The socket as granax shall see it: its events, but not its bytes. */
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
