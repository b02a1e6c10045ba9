// How much of what we serve is still on its way to one connection's socket: muxrpc itself queues without end.

import { OUTGOING_BYTES } from '../../lib/limits.js'

export interface Outflow {
  /** True while streams must wait before they hand over more. */
  full(): boolean
  /** Bytes handed to muxrpc. */
  entered(bytes: number): void
  /** Bytes that have left muxrpc's queue for the socket. */
  left(bytes: number): void
  /** Calls back once, when there is room again. */
  whenRoom(listener: () => void): void
}

/** @param most bytes on their way beyond which streams wait */
export function createOutflow(most = OUTGOING_BYTES): Outflow {
  let queued = 0
  let waiting: Array<() => void> = []
  return {
    full: () => queued >= most,
    entered(bytes) {
      queued += bytes
    },
    left(bytes) {
      queued -= bytes
      // Half full before the streams go on, so that they run in stretches instead of a message at a time.
      if (queued > most / 2 || waiting.length === 0) return
      const ready = waiting
      waiting = []
      for (const listener of ready) listener()
    },
    whenRoom(listener) {
      waiting.push(listener)
    },
  }
}
