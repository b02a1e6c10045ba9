// SPDX-License-Identifier: AGPL-3.0-or-later
// The shapes of pull-streams, as far as the wire and the stream methods use them. Types only.

/** `null` goes on, `true` ended well, an error ended badly. */
export type End = Error | true | null

export type Callback<T> = (end: End, data?: T) => void

export type Source<T> = (abort: End, cb: Callback<T>) => void

export type Sink<T> = (read: Source<T>) => void

export interface Duplex<In, Out = In> {
  source: Source<Out>
  sink: Sink<In>
}
