// The operator's key and certificate: read at start, and again whenever their files have changed.

import { readFile, stat } from 'node:fs/promises'
import { PEM_BYTES } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import type { CertificateSource, Present } from './certificate-source.js'
import { checkPair, type Pair, unusable } from './pair.js'

export interface PairFiles {
  key: string
  cert: string
  /** the name the certificate must be for */
  hostname: string
}

/**
 * Reads the pair and watches it. A pair that is no good later on leaves the one in service where it is: renewing tools
 * write one file after the other, and between the two nothing fits.
 * @throws RelayError `certificate_unusable` if it is no good now
 */
export async function watchCertificateFiles(
  { log, now, present }: { log: Log; now: () => number; present: Present },
  files: PairFiles,
): Promise<CertificateSource> {
  let trouble: string | null = null
  let seen = await look(files)
  let current = await readPair(files)
  present(current)

  async function again(): Promise<void> {
    const found = await look(files)
    if (found === seen) return
    seen = found
    try {
      const next = await readPair(files)
      if (next.until <= now() && current.until > now())
        throw unusable(`it expired on ${new Date(next.until).toISOString()}`)
      current = next
      present(next)
      trouble = null
      log.info({ until: new Date(next.until).toISOString() }, 'the certificate was read again')
    } catch (err) {
      trouble = `${(err as Error).message}; the one from before is still in service`
      log.error({ err }, 'the new certificate is no good: the one from before stays in service')
    }
  }

  let queue = Promise.resolve()
  return {
    kind: 'files',
    look() {
      queue = queue.then(again)
      return queue
    },
    trouble: () => trouble,
    renews: () => null,
    close: () => queue,
  }
}

/** What tells a file from the one it was: a renewal puts another in its place, or writes into the same. */
async function look({ key, cert }: PairFiles): Promise<string> {
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
    if (!info.isFile()) throw new Error('is no file')
    if (info.size > PEM_BYTES) throw new Error('is too large')
    return await readFile(path, 'utf8')
  } catch (err) {
    const { code, message } = err as NodeJS.ErrnoException
    throw unusable(`${path} (${code ?? message})`, err)
  }
}
