// Reads a posted form: bounded bytes, one encoding, no library.

import type { IncomingMessage } from 'node:http'
import { RelayError } from '../lib/errors.js'
import { BODY_BYTES, KIB, MIB } from '../lib/limits.js'
import { cleanText } from '../lib/text.js'
import { waiting } from './connection-limits.js'

/**
 * Bytes of a form that carries text by people: the longest answers it takes need 15 KiB, as `%D7%A9` is one letter, and
 * somebody who wrote some times too much shall hear so beside the field, with all they wrote still there.
 */
export const TEXT_FORM_BYTES = 64 * KIB
/** Bytes of an oversized body we let pass by unread, so that its sender hears the refusal instead of a reset. */
const DISCARDED_BYTES = 4 * MIB

/**
 * The fields of a URL-encoded body.
 * @param most bytes it may have
 * @throws RelayError `body_too_large`, `body_malformed`
 */
export async function readForm(req: IncomingMessage, most = BODY_BYTES): Promise<URLSearchParams> {
  const body = await readBody(req, most)
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type && type !== 'application/x-www-form-urlencoded') throw new RelayError('body_malformed')
  if (req.headers['content-encoding'] !== undefined) throw new RelayError('body_malformed')
  return new URLSearchParams(body.toString('utf8'))
}

/**
 * The text fields of a JSON object.
 * @throws RelayError `body_too_large`, `body_malformed`
 */
export async function readJson(req: IncomingMessage, most = BODY_BYTES): Promise<Map<string, string>> {
  const body = await readBody(req, most)
  if (req.headers['content-encoding'] !== undefined) throw new RelayError('body_malformed')
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object')
    return new Map(
      Object.entries(value).filter((field): field is [string, string] => typeof field[1] === 'string'),
    )
  } catch (cause) {
    throw new RelayError('body_malformed', undefined, { cause })
  }
}

/** Whether a body says that it is JSON. */
export function isJson(req: IncomingMessage): boolean {
  return req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() === 'application/json'
}

/** The one value of a field; undefined if it is absent, repeated or spelt as an array. */
export function oneValue(form: URLSearchParams, name: string): string | undefined {
  const values = form.getAll(name)
  return values.length === 1 ? values[0] : undefined
}

/** Text a person wrote into a field, its line ends as one character; empty if the field is absent or repeated. */
export function textOf(form: URLSearchParams, name: string): string {
  return cleanText(oneValue(form, name) ?? '')
}

function readBody(req: IncomingMessage, most: number): Promise<Buffer> {
  return waiting(req, () => bodyOf(req, most))
}

async function bodyOf(req: IncomingMessage, most: number): Promise<Buffer> {
  if (Number(req.headers['content-length']) > DISCARDED_BYTES) throw new RelayError('body_too_large')
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // the iterator would destroy the socket when left early, and the answer with it
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > DISCARDED_BYTES) break
      if (bytes > most) chunks.length = 0
      else chunks.push(chunk)
    }
  } catch (cause) {
    throw new RelayError('body_malformed', undefined, { cause })
  }
  if (bytes > most) throw new RelayError('body_too_large')
  return Buffer.concat(chunks)
}
