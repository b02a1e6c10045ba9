// SPDX-License-Identifier: AGPL-3.0-or-later
// The operator's key and certificate files: read at start and after each change.

import { readFile, stat } from 'node:fs/promises'
import { PEM_BYTES } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import type { CertificateSource, Present } from './certificate-source.js'
import { checkPair, type Pair, unusable } from './pair.js'

export interface PairFiles {
  key: string
  cert: string
  /** hostname the certificate must be for */
  hostname: string
}

/**
 * Reads the files and watches them. An invalid pair is ignored later on: renewal tools write one file after the other, so
 * for a moment they do not match.
 * @throws RelayError `certificate_unusable` if the pair is invalid at start
 */
export async function watchCertificateFiles(
  { log, now, present }: { log: Log; now: () => number; present: Present },
  files: PairFiles,
): Promise<CertificateSource> {
  let trouble: string | null = null
  let seen = await fingerprint(files)
  let current = await readPair(files)
  present(current)

  async function reload(): Promise<void> {
    const found = await fingerprint(files)
    if (found === seen) return
    seen = found
    try {
      const next = await readPair(files)
      if (next.until <= now() && current.until > now())
        throw unusable(`it expired on ${new Date(next.until).toISOString()}`)
      current = next
      present(next)
      trouble = null
      log.info({ until: new Date(next.until).toISOString() }, 'certificate files reloaded')
    } catch (err) {
      trouble = `${(err as Error).message}; the previous certificate stays in use`
      log.error({ err }, 'certificate files rejected')
    }
  }

  let queue = Promise.resolve()
  return {
    kind: 'files',
    check() {
      queue = queue.then(reload)
      return queue
    },
    trouble: () => trouble,
    renews: () => null,
    close: () => queue,
  }
}

/** A fingerprint that changes when a file is replaced or rewritten. */
async function fingerprint({ key, cert }: PairFiles): Promise<string> {
  const each = async (path: string): Promise<string> => {
    try {
      const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true })
      return `${dev} ${ino} ${size} ${mtimeNs}`
    } catch (err) {
      return String((err as NodeJS.ErrnoException).code)
    }
  }
  return `${await each(key)}, ${await each(cert)}`
}

async function readPair({ key, cert, hostname }: PairFiles): Promise<Pair> {
  return checkPair(await readPem(key), await readPem(cert), hostname)
}

async function readPem(path: string): Promise<string> {
  try {
    const info = await stat(path)
    if (!info.isFile()) throw new Error('not a regular file')
    if (info.size > PEM_BYTES) throw new Error('too large')
    return await readFile(path, 'utf8')
  } catch (err) {
    const { code, message } = err as NodeJS.ErrnoException
    throw unusable(`${path} (${code ?? message})`, err)
  }
}
