// SPDX-License-Identifier: AGPL-3.0-or-later
// The `Authorization: X-Matrix` header.

import { unauthorised } from './errors.js'
import { isServerName } from './ids.js'
import type { JsonObject } from './json.js'
import { type SigningKey, signaturesOf, signJson } from './signing.js'

/** A request as both ends sign it. */
export interface SignedRequest {
  method: string
  /** path and query, as they stand on the first line */
  uri: string
  origin: string
  destination: string
  /** the parsed body; undefined for a request without one */
  content: JsonObject | undefined
}

/** What stands in the header. */
export interface XMatrix {
  origin: string
  /** null where an old server does not say */
  destination: string | null
  key: string
  signature: string
}

const toSign = ({ content, ...rest }: SignedRequest): JsonObject => ({
  ...rest,
  ...(content === undefined ? {} : { content }),
})

/** The object that a request's signature is over, with that signature in it. */
export function signedObject(
  request: SignedRequest,
  { key, signature }: Pick<XMatrix, 'key' | 'signature'>,
): JsonObject {
  return { ...toSign(request), signatures: { [request.origin]: { [key]: signature } } }
}

/** Signs a request of ours; answers the header. */
export function formatXMatrix(request: SignedRequest, key: SigningKey): string {
  const [[, signature] = ['', '']] = signaturesOf(
    signJson(toSign(request), request.origin, key),
    request.origin,
  )
  const { origin, destination } = request
  return `X-Matrix origin="${origin}",destination="${destination}",key="${key.id}",sig="${signature}"`
}

/** Reads the header. @throws MatrixError `M_UNAUTHORIZED` */
export function parseXMatrix(header: string | undefined): XMatrix {
  const [, text] = /^X-Matrix\s+(.{1,4096})$/is.exec(header ?? '') ?? []
  if (text === undefined) throw unauthorised('No X-Matrix authorization')
  const fields = new Map<string, string>()
  const form = /\s*([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]*))\s*(?:,|$)/giy
  while (form.lastIndex < text.length) {
    const found = form.exec(text)
    if (!found) throw unauthorised('Malformed X-Matrix authorization')
    const [, name = '', quoted, plain = ''] = found
    if (fields.has(name.toLowerCase())) throw unauthorised('Malformed X-Matrix authorization')
    fields.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain)
  }
  const [origin, key, signature] = [fields.get('origin'), fields.get('key'), fields.get('sig')]
  if (!isServerName(origin) || !key || !/^ed25519:[A-Za-z0-9_.-]{1,128}$/.test(key) || !signature)
    throw unauthorised('Malformed X-Matrix authorization')
  return { origin, destination: fields.get('destination') ?? null, key, signature }
}
