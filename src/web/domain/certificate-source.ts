// Where a certificate comes from: what the listener asks of the operator's files and of the certificate authority alike.

import type { Pair } from './pair.js'

export interface CertificateSource {
  kind: 'files' | 'acme'
  /** Looks whether there is anything to do: a changed file, a renewal. Called at start, on a timer, and on SIGHUP. */
  look(): Promise<void>
  /** what went wrong last, until it is mended */
  trouble(): string | null
  /** Unix ms: when another certificate will be fetched; null where that is not our business */
  renews(): number | null
  close(): Promise<void>
}

/** Puts a certificate into service. */
export type Present = (pair: Pair) => void
