// SPDX-License-Identifier: AGPL-3.0-or-later
// A source that produces values at the speed at which its reader's socket takes them.

import type { RpcStream, StreamHandler } from './stream.js'

export interface PacedOptions {
  /** Calls the listener when there may be a new value; returns a function that stops this. */
  watch?(listener: () => void): () => void
  /** called once */
  onEnd?(): void
}

/**
 * Calls `next` for a JSON value whenever the stream has room, so that a reader that never reads uses no memory. `next`
 * returns null while there is no value, and true at the end.
 */
export function sendPaced(
  stream: RpcStream,
  next: () => Buffer | null | true,
  { watch, onEnd }: PacedOptions = {},
): void {
  const source = new PacedSource(stream, next, onEnd)
  stream.handler = source
  if (watch) source.unwatch = watch(() => source.room())
  source.room()
}

class PacedSource implements StreamHandler {
  unwatch: (() => void) | null = null

  constructor(
    private readonly stream: RpcStream,
    private readonly next: () => Buffer | null | true,
    private readonly onEnd: (() => void) | undefined,
  ) {}

  room(): void {
    const { stream } = this
    while (!stream.isEnded) {
      if (stream.isFull) return stream.waitForRoom()
      const piece = this.next()
      if (piece === true) {
        stream.end()
        this.ended()
        return
      }
      if (!piece) return
      stream.writeJson(piece)
    }
  }

  ended(): void {
    this.unwatch?.()
    this.onEnd?.()
  }
}
