// A stream of ours that is made piece by piece, as fast as its reader's socket takes it.

import type { RpcStream, StreamHandler } from './stream.js'

export interface PacedOptions {
  /** Calls its listener when there may be something to say again; answers how to stop. */
  watch?(listener: () => void): () => void
  /** called once */
  onEnd?(): void
}

/**
 * Asks `next` for a piece of JSON whenever the reader's socket has room: a reader that never reads costs nothing but its
 * place. `next` answers null while there is nothing to say, and true when there will be no more.
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
