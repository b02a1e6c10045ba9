// SPDX-License-Identifier: AGPL-3.0-or-later
// Parses posted forms and JSON, with limits on bytes and fields.

import type { IncomingMessage } from 'node:http'
import { RelayError } from '../lib/errors.js'
import { BODY_BYTES, BODY_FIELDS } from '../lib/limits.js'
import { bodyOf } from '../lib/request-body.js'
import { cleanText } from '../lib/text.js'
import { withoutSlot } from './connection-limits.js'

export { TEXT_FORM_BYTES } from '../lib/limits.js'

/**
 * Reads a URL-encoded form.
 * @param most limit in bytes
 * @throws RelayError `body_too_large`, `body_malformed`
 */
export async function readForm(req: IncomingMessage, most = BODY_BYTES): Promise<URLSearchParams> {
  const body = await readBody(req, most)
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type && type !== 'application/x-www-form-urlencoded') throw new RelayError('body_malformed')
  if (req.headers['content-encoding'] !== undefined) throw new RelayError('body_malformed')
  const text = body.toString('utf8')
  // counted before parsing: an empty field takes a hundred times its byte in memory
  if (text.split('&', BODY_FIELDS + 1).length > BODY_FIELDS) throw new RelayError('body_malformed')
  return new URLSearchParams(text)
}

/**
 * Reads the string fields of a JSON object.
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

/** Whether the request says that its body is JSON. */
export function isJson(req: IncomingMessage): boolean {
  return req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() === 'application/json'
}

/** The value of a field; undefined if it is absent or repeated. */
export function oneValue(form: URLSearchParams, name: string): string | undefined {
  const values = form.getAll(name)
  return values.length === 1 ? values[0] : undefined
}

/** The text of a field with normalised line ends; empty if it is absent or repeated. */
export function textOf(form: URLSearchParams, name: string): string {
  return cleanText(oneValue(form, name) ?? '')
}

function readBody(req: IncomingMessage, most: number): Promise<Buffer> {
  return withoutSlot(req, () => bodyOf(req, most))
}

/** An upper bound of the number of values in JSON text. */
function valuesIn(text: string): number {
  return text.replace(/"(?:[^"\\]|\\.)*"/gs, '').split(/[[{,]/, BODY_FIELDS + 2).length
}
