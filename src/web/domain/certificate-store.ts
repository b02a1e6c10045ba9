// SPDX-License-Identifier: AGPL-3.0-or-later
// Files of ACME in the data directory: the account key, and the certificate with its key in one file.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../../lib/atomic-file.js'
import type { Log } from '../../lib/log.js'
import { checkPair, type Pair } from './pair.js'

export interface CertificateStore {
  /** The stored certificate for this hostname and authority; null if there is none or it is invalid. */
  load(): Pair | null
  /** Stores key and chain atomically. @throws if writing fails */
  save(key: string, cert: string): void
  /** The account key; created if there is none. @throws if writing fails */
  accountKey(): string
  /** Writes the key before the order: if the disk is full, no certificate is requested. */
  reserve(key: string): void
}

/** First line of the file. A certificate of a test authority must not be used with the real one. */
const ORIGIN = 'From: '

/**
 * Opens the store. The directory need not exist.
 * @param dir       directory of this store alone, mode 0700
 * @param directory URL of the ACME directory
 */
export function openCertificateStore(
  { log }: { log: Log },
  dir: string,
  { hostname, directory }: { hostname: string; directory: string },
): CertificateStore {
  const certificate = join(dir, 'certificate.pem')
  const account = join(dir, 'account.key')
  const reserved = join(dir, 'next.key')

  return {
    load() {
      if (!existsSync(certificate)) return null
      try {
        const text = readFileSync(certificate, 'utf8')
        if (!text.startsWith(`${ORIGIN}${directory}\n`)) {
          log.warn('stored certificate is from another authority')
          return null
        }
        return checkPair(text, text, hostname)
      } catch (err) {
        log.warn({ err }, 'stored certificate rejected')
        return null
      }
    },
    save(key, cert) {
      write(certificate, `${ORIGIN}${directory}\n${key}${cert}`)
      rmSync(reserved, { force: true })
    },
    accountKey() {
      if (existsSync(account)) {
        const kept = readFileSync(account, 'utf8')
        try {
          createPrivateKey(kept)
          return kept
        } catch (err) {
          // a new account works as well; the damaged key is kept for inspection
          log.warn({ err }, 'acme account key damaged')
          renameSync(account, `${account}.damaged`)
        }
      }
      const made = newKey()
      write(account, made)
      return made
    },
    reserve: (key) => write(reserved, key),
  }
}

/** A new private key as PEM. P-256: every client supports it, and it is fast on a board. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** Writes a file; creates the directory. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileAtomic(path, text)
}
