// A TLS key and the certificate chain that goes with it: whether they are sound, and what the certificate says.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { RelayError } from '../../lib/errors.js'
import { TLS_RULES } from '../listen.js'

export interface Pair {
  /** PEM */
  key: string
  /** PEM, our certificate first */
  cert: string
  /** who signed it, in one line */
  issuer: string
  /** Unix ms: from when until when it is good */
  from: number
  until: number
}

/** Characters of an issuer's or an error's words that are shown. */
const SHOWN_CHARS = 200

/**
 * Takes a key and a chain for a name. Whether the certificate is good today is not asked here.
 * @throws RelayError `certificate_unusable`
 */
export function checkPair(key: string, cert: string, hostname: string): Pair {
  const leaf = attempt('the certificate cannot be read', () => new X509Certificate(cert))
  const secret = attempt('the key cannot be read', () => createPrivateKey(key))
  if (!leaf.checkPrivateKey(secret)) throw unusable('the key is not that of the certificate')
  if (!(isIP(hostname) ? leaf.checkIP(hostname) : leaf.checkHost(hostname)))
    throw unusable(`the certificate is not for ${hostname}`)
  // what remains: certificates further up the chain, and keys too weak for TLS
  attempt('TLS does not take it', () => createSecureContext({ ...TLS_RULES, key, cert }))
  const issuer = /^(?:CN|O)=(.+)$/m.exec(leaf.issuer)?.[1] ?? leaf.issuer
  return {
    ...{ key, cert, issuer: inOneLine(issuer) },
    from: Date.parse(leaf.validFrom),
    until: Date.parse(leaf.validTo),
  }
}

/** Words by others, short and without anything that a terminal or a log would take amiss. */
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
