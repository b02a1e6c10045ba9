// What ACME keeps in the data directory: the account's key, and the certificate with its key in one file.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../../lib/atomic-file.js'
import type { Log } from '../../lib/log.js'
import { checkPair, type Pair } from './pair.js'

export interface CertificateStore {
  /** The certificate kept for this name from this authority; null where there is none, or none that is sound. */
  load(): Pair | null
  /** Keeps key and chain, together or not at all. @throws where the disk does not take it */
  save(key: string, cert: string): void
  /** The account's key, made where there is none. @throws where the disk does not take it */
  accountKey(): string
  /** Leaves a key on the disk while the authority is asked: what cannot be kept need not be asked for. */
  reserve(key: string): void
}

/** The line that says whose certificate it is: one of a test authority must not be served once the real one is set. */
const ORIGIN = 'From: '

/**
 * Opens the directory, which need not exist.
 * @param dir       of this alone, mode 0700
 * @param directory URL of the authority
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
          log.warn('the certificate that is kept is of another authority: fetching one from this')
          return null
        }
        return checkPair(text, text, hostname)
      } catch (err) {
        log.warn({ err }, 'the certificate that is kept is no good: fetching another')
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
          // an account holds nothing but the right to ask: another will do, and the damaged key stays to be looked at
          log.warn({ err }, 'the key of the ACME account is damaged: opening another account')
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

/** A new private key as PEM: P-256, which every client takes and a board computes quickly. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** The first file makes the directory. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileAtomic(path, text)
}
