// SPDX-License-Identifier: AGPL-3.0-or-later
// A TLS key and its certificate chain: checks them and reads the certificate.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { RelayError } from '../../lib/errors.js'
import { TLS_RULES } from '../listen.js'

export interface Pair {
  /** PEM */
  key: string
  /** PEM, leaf first */
  cert: string
  /** name of the issuer, in one line */
  issuer: string
  /** validity, Unix ms */
  from: number
  until: number
}

/** Characters shown of an issuer's name or an error message. */
const SHOWN_CHARS = 200

/**
 * Checks that key and chain match and are for the hostname. Dates are not checked.
 * @throws RelayError `certificate_unusable`
 */
export function checkPair(key: string, cert: string, hostname: string): Pair {
  const leaf = attempt('the certificate cannot be read', () => new X509Certificate(cert))
  const secret = attempt('the key cannot be read', () => createPrivateKey(key))
  if (!leaf.checkPrivateKey(secret)) throw unusable('the key does not match the certificate')
  if (!(isIP(hostname) ? leaf.checkIP(hostname) : leaf.checkHost(hostname)))
    throw unusable(`the certificate is not for ${hostname}`)
  // finds invalid intermediates, and keys too weak for TLS
  attempt('TLS rejects key or certificate', () => createSecureContext({ ...TLS_RULES, key, cert }))
  const issuer = /^(?:CN|O)=(.+)$/m.exec(leaf.issuer)?.[1] ?? leaf.issuer
  return {
    ...{ key, cert, issuer: inOneLine(issuer) },
    from: Date.parse(leaf.validFrom),
    until: Date.parse(leaf.validTo),
  }
}

/** Untrusted text without control characters, shortened, for terminal and log. */
export function inOneLine(text: string): string {
  return text
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, SHOWN_CHARS)
}

export function unusable(detail: string, cause?: unknown): RelayError {
  return new RelayError('certificate_unusable', detail, { cause })
}

function attempt<T>(words: string, run: () => T): T {
  try {
    return run()
  } catch (err) {
    throw unusable(
      `${words} (${inOneLine((err as NodeJS.ErrnoException).code ?? (err as Error).message)})`,
      err,
    )
  }
}
