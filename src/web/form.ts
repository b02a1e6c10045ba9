// Reads a posted form: bounded bytes and fields, one encoding, no library.

import type { IncomingMessage } from 'node:http'
import { RelayError } from '../lib/errors.js'
import { BODY_BYTES, BODY_FIELDS } from '../lib/limits.js'
import { cleanText } from '../lib/text.js'
import { waiting } from './connection-limits.js'
import { bodyOf } from './request-body.js'

export { TEXT_FORM_BYTES } from '../lib/limits.js'

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
  const text = body.toString('utf8')
  // counted before they are made: an empty field costs a hundred times its byte
  if (text.split('&', BODY_FIELDS + 1).length > BODY_FIELDS) throw new RelayError('body_malformed')
  return new URLSearchParams(text)
}

/**
 * The text fields of a JSON object.
 * @throws RelayError `body_too_large`, `body_malformed`
 */
export async function readJson(req: IncomingMessage, most = BODY_BYTES): Promise<Map<string, string>> {
  const body = await readBody(req, most)
  if (req.headers['content-encoding'] !== undefined) throw new RelayError('body_malformed')
  try {
    const text = body.toString('utf8')
    if (valuesIn(text) > BODY_FIELDS) throw new TypeError('too many values')
    const value: unknown = JSON.parse(text)
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

/** Values that JSON text has at most: what opens or parts them outside strings, and one. */
function valuesIn(text: string): number {
  return text.replace(/"(?:[^"\\]|\\.)*"/gs, '').split(/[[{,]/, BODY_FIELDS + 2).length
}
