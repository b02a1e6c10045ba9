// Reads a posted form: bounded bytes, one encoding, no library.

import type { IncomingMessage } from 'node:http'
import { RelayError } from '../errors.js'
import { BODY_BYTES, MIB } from '../limits.js'

/** Bytes of an oversized body we let pass by unread, so that its sender hears the refusal instead of a reset. */
const DISCARDED_BYTES = 4 * MIB

/**
 * The fields of a URL-encoded body.
 * @throws RelayError `body_too_large`, `body_malformed`
 */
export async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  const body = await readBody(req)
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type && type !== 'application/x-www-form-urlencoded') throw new RelayError('body_malformed')
  if (req.headers['content-encoding'] !== undefined) throw new RelayError('body_malformed')
  return new URLSearchParams(body.toString('utf8'))
}

/** The one value of a field; undefined if it is absent, repeated or spelt as an array. */
export function oneValue(form: URLSearchParams, name: string): string | undefined {
  const values = form.getAll(name)
  return values.length === 1 ? values[0] : undefined
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers['content-length']) > DISCARDED_BYTES) throw new RelayError('body_too_large')
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // the iterator would destroy the socket when left early, and the answer with it
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > DISCARDED_BYTES) break
      if (bytes > BODY_BYTES) chunks.length = 0
      else chunks.push(chunk)
    }
  } catch (cause) {
    throw new RelayError('body_malformed', undefined, { cause })
  }
  if (bytes > BODY_BYTES) throw new RelayError('body_too_large')
  return Buffer.concat(chunks)
}
