// SPDX-License-Identifier: AGPL-3.0-or-later
// The interface of certificate sources: the operator's files, or ACME.

import type { Pair } from './pair.js'

export interface CertificateSource {
  kind: 'files' | 'acme'
  /** Checks for a changed file or a due renewal. Called at start, on a timer, and on SIGHUP. */
  check(): Promise<void>
  /** the last error, until it is resolved */
  trouble(): string | null
  /** Unix ms of the next renewal; null for files */
  renews(): number | null
  close(): Promise<void>
}

/** Installs a certificate in the listener. */
export type Present = (pair: Pair) => void
