// SPDX-License-Identifier: AGPL-3.0-or-later
// What a control socket method gets besides its parameters: a cancel signal and a way to report progress.

/** Progress of a long call. */
export interface Progress {
  /** name of the current step, in one or two words */
  stage: string
  done: number
  /** null if unknown */
  total: number | null
}

export type OnProgress = (progress: Progress) => void

/** One request in progress. */
export interface Call {
  /** aborted when the client disconnects */
  signal: AbortSignal
  /** reports progress to the client; reports are rate limited */
  progress: OnProgress
}
