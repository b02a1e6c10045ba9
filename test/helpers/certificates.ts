// SPDX-License-Identifier: AGPL-3.0-or-later
// Certificates made for a test: an authority of its own, and pairs signed by it for any name and any dates.

import { type webcrypto, X509Certificate } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { DAY } from '../../src/lib/limits.js'

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export interface PemPair {
  /** PEM */
  key: string
  cert: string
}

export interface Authority {
  /** PEM of its own certificate */
  root: string
  /** Signs a pair for a name or an IP address. */
  issue(names: string | readonly string[], dates?: { from?: number; until?: number }): Promise<PemPair>
  /** Signs a certificate for a public key given as PEM; returns the certificate. */
  certify(key: string, name: string, dates?: { from?: number; until?: number }): Promise<string>
}

let serial = 1

/** Makes an authority. By default certificates are valid for 90 days from yesterday. */
export async function createAuthority(name = 'Rock Pool Test CA'): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify'])
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(0),
    notAfter: new Date('2099-01-01'),
    signingAlgorithm: EC,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  })

  async function sign(
    names: readonly string[],
    publicKey: webcrypto.CryptoKey,
    dates: { from?: number; until?: number },
  ): Promise<string> {
    const from = dates.from ?? Date.now() - DAY
    const until = dates.until ?? from + 90 * DAY
    const alternatives = names.map((each) => ({
      type: /^[\d.]+$/.test(each) ? ('ip' as const) : ('dns' as const),
      value: each,
    }))
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: (++serial).toString(16).padStart(4, '0'),
      subject: `CN=${names[0]}`,
      issuer: root.subject,
      notBefore: new Date(from),
      notAfter: new Date(until),
      signingAlgorithm: EC,
      publicKey,
      signingKey: keys.privateKey,
      extensions: [new x509.SubjectAlternativeNameExtension(alternatives)],
    })
    return `${certificate.toString('pem')}\n`
  }

  return {
    root: `${root.toString('pem')}\n`,
    async issue(names, dates = {}) {
      const own = await crypto.subtle.generateKey(EC, true, ['sign', 'verify'])
      const key = x509.PemConverter.encode(
        await crypto.subtle.exportKey('pkcs8', own.privateKey),
        'PRIVATE KEY',
      )
      const list = typeof names === 'string' ? [names] : names
      return { key: `${key}\n`, cert: await sign(list, own.publicKey, dates) }
    },
    async certify(key, name, dates = {}) {
      const der = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64')
      const secret = await crypto.subtle.importKey('pkcs8', der, EC, true, ['sign'])
      const { d: _, ...open } = await crypto.subtle.exportKey('jwk', secret)
      const publicKey = await crypto.subtle.importKey('jwk', { ...open, key_ops: ['verify'] }, EC, true, [
        'verify',
      ])
      return sign([name], publicKey, dates)
    },
  }
}

/** Writes a pair into a directory; answers the paths. */
export function writePair(dir: string, { key, cert }: PemPair): { key: string; cert: string } {
  mkdirSync(dir, { recursive: true })
  const paths = { key: join(dir, 'relay.key'), cert: join(dir, 'relay.pem') }
  writeFileSync(paths.key, key, { mode: 0o600 })
  writeFileSync(paths.cert, cert)
  return paths
}

/** Identifies a certificate. */
export function fingerprint(cert: string): string {
  return new X509Certificate(cert).fingerprint256
}
