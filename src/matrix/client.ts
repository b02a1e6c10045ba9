// SPDX-License-Identifier: AGPL-3.0-or-later
// Outgoing federation requests: find the server, sign, send, parse the answer.

import { SECOND } from '../lib/limits.js'
import { MATRIX_ANSWER_BYTES } from '../lib/matrix-limits.js'
import type { Discovery } from './discovery.js'
import type { Https } from './https.js'
import { isObject, type Json, type JsonObject, parseJson } from './json.js'
import type { SigningKey } from './signing.js'
import { formatXMatrix } from './x-matrix.js'

/** Another server answered with an error. */
export class RemoteRefusal extends Error {
  constructor(
    readonly server: string,
    readonly status: number,
    readonly errcode: string,
    words: string,
    /** milliseconds after which to try again, where the server says so */
    readonly retryMs: number | null = null,
  ) {
    super(`${server} answered ${status} ${errcode}${words ? `: ${words}` : ''}`)
    this.name = 'RemoteRefusal'
  }
}

export interface RequestOptions {
  content?: JsonObject
  ms?: number
  bytes?: number
  /** sends no signature */
  unsigned?: boolean
}

export interface FederationClient {
  /** @throws RemoteRefusal; any other Error where the server was not reached */
  request(
    server: string,
    method: 'GET' | 'PUT' | 'POST',
    uri: string,
    options?: RequestOptions,
  ): Promise<JsonObject>
}

/** Characters kept of an error text of another server. */
const WORDS = 200

export function createFederationClient(
  { https, discovery, key }: { https: Https; discovery: Discovery; key: SigningKey },
  origin: string,
): FederationClient {
  return {
    async request(server, method, uri, { content, ms, bytes = MATRIX_ANSWER_BYTES, unsigned = false } = {}) {
      const { host, port, header, certificate } = await discovery.find(server)
      const headers: Record<string, string> = { Host: header, Accept: 'application/json' }
      if (!unsigned)
        headers.Authorization = formatXMatrix({ method, uri, origin, destination: server, content }, key)
      const body = content === undefined ? {} : { body: JSON.stringify(content) }
      const answer = await https
        .call({ host, port, path: uri, method, headers, certificate, bytes, ...body, ...(ms ? { ms } : {}) })
        .catch((err) => {
          discovery.forget(server)
          throw err
        })
      const parsed = parseOr(answer.body)
      if (answer.status !== 200) {
        const { errcode, error, retry_after_ms: retry } = isObject(parsed) ? parsed : {}
        const words = typeof error === 'string' ? error.slice(0, WORDS) : ''
        throw new RemoteRefusal(
          server,
          answer.status,
          typeof errcode === 'string' ? errcode.slice(0, WORDS) : '',
          words,
          retryAfter(retry, answer.headers['retry-after']),
        )
      }
      if (!isObject(parsed)) throw new Error(`the answer of ${server} is not a JSON object`)
      return parsed
    },
  }
}

/** Milliseconds to wait: the older field in the body, or the header that replaced it, in seconds. */
function retryAfter(field: Json | undefined, header: string | string[] | undefined): number | null {
  if (typeof header === 'string' && /^\d{1,6}$/.test(header)) return Number(header) * SECOND
  return typeof field === 'number' && field >= 0 ? field : null
}

function parseOr(body: string): Json {
  try {
    return parseJson(body)
  } catch {
    return null
  }
}

/** A path of the federation API, its parts escaped. */
export function apiPath(version: 'v1' | 'v2', ...parts: string[]): string {
  return `/_matrix/federation/${version}/${parts.map(encodeURIComponent).join('/')}`
}
