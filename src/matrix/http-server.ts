// SPDX-License-Identifier: AGPL-3.0-or-later
// Incoming federation requests: read within limits, verify the signature, apply rate limits, route.

import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../lib/clock.js'
import type { Counters } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import type { Log } from '../lib/log.js'
import {
  MATRIX_ABSENT_MS,
  MATRIX_BODIES_BYTES,
  MATRIX_BODY_BYTES,
  MATRIX_REQUEST_VALUES,
  MATRIX_REQUESTS,
  MATRIX_REQUESTS_PER_SERVER,
  MATRIX_SMALL_ANSWER_BYTES,
  MATRIX_VALUES_AT_ONCE,
} from '../lib/matrix-limits.js'
import { bodyOf, createRequestBodies } from '../lib/request-body.js'
import { badJson, limited, MatrixError, notJson, unauthorised } from './errors.js'
import { isObject, type JsonObject, parseAsSigned, parseJson, type ValueBudget } from './json.js'
import type { KeyRing } from './key-ring.js'
import { createRateLimit } from './rate-limits.js'
import { signedBytes } from './signing.js'
import { parseXMatrix, signedObject, type XMatrix } from './x-matrix.js'

/** A request with a verified signature. */
export interface Asked {
  origin: string
  params: readonly string[]
  query: URLSearchParams
  body: JsonObject
}

/** A route. */
export interface Route {
  method: 'GET' | 'PUT' | 'POST'
  /** segments; `*` stands for one that is handed over */
  path: string
  /** needs no signature */
  open?: boolean
  /** takes a body of more than a few events */
  large?: boolean
  run(asked: Asked): unknown
}

export interface ServerComponents {
  routes: readonly Route[]
  keys: KeyRing
  clock: Clock
  log: Log
  counters: Counters
  /** called with the name of a server whose signature was verified */
  heard(server: string): void
}

/** True for a path that is ours to answer. */
export const isMatrixPath = (url: string | undefined): boolean =>
  url !== undefined && (/^\/_matrix\//.test(url) || /^\/\.well-known\/matrix\/server(?:\?|$)/.test(url))

/** A body; null once it was dropped. */
interface Held {
  bytes: Buffer | null
}

interface Content {
  text: string
  content: JsonObject | undefined
  /** how many JSON values it has */
  values: number
}

const EMPTY = Buffer.alloc(0)

const unrecognised = (): MatrixError => new MatrixError(404, 'M_UNRECOGNIZED', 'Unrecognized request')

/** Builds the handler. */
export function createHttpServer(
  { routes, keys, clock, log, counters, heard }: ServerComponents,
  server: string,
) {
  const bodies = createRequestBodies({
    total: MATRIX_BODIES_BYTES,
    each: MATRIX_BODY_BYTES,
    discarded: 2 * MATRIX_BODY_BYTES,
    methods: ['PUT', 'POST'],
  })
  const perServer = createRateLimit(MATRIX_REQUESTS_PER_SERVER, clock.uptime)
  const total = createRateLimit(MATRIX_REQUESTS, clock.uptime)
  const table = routes.map((route) => ({ route, segments: route.path.split('/') }))

  function find(method: string, path: string): { route: Route; params: string[] } {
    const parts = path.replace(/\/$/, '').split('/')
    let other = false
    for (const { route, segments } of table) {
      if (segments.length !== parts.length) continue
      if (!segments.every((segment, i) => segment === '*' || segment === parts[i])) continue
      if (route.method !== method) {
        other = true
        continue
      }
      const params = parts.filter((_, i) => segments[i] === '*').map(decoded)
      return { route, params }
    }
    throw other ? new MatrixError(405, 'M_UNRECOGNIZED', 'Unrecognized method') : unrecognised()
  }

  /** Bodies that wait for the keys of their senders, who may be anybody. */
  const waiting = new Set<Held>()
  /** JSON values of the requests being worked on */
  let inWork = 0

  /** Waits for a key; answers whether it is known. Where all waiting bodies together are too large, the largest is dropped. */
  async function whenKnown({ origin, key }: XMatrix, held: Held, again: boolean): Promise<boolean> {
    waiting.add(held)
    const sizes = [...waiting].map(({ bytes }) => bytes?.length ?? 0)
    if (sizes.reduce((sum, size) => sum + size, 0) > MATRIX_BODIES_BYTES) {
      const largest = [...waiting][sizes.indexOf(Math.max(...sizes))]
      if (largest) largest.bytes = null
    }
    try {
      return await keys.load(origin, key, clock.now(), again)
    } finally {
      waiting.delete(held)
    }
  }

  /** Whether a request is signed by its origin. */
  function isProven(req: IncomingMessage, header: XMatrix, { text, content }: Content): boolean {
    const { origin, key, signature } = header
    const request = { method: req.method ?? '', uri: req.url ?? '', origin, destination: server }
    const bytesOf = (body: JsonObject | undefined): string =>
      signedBytes(signedObject({ ...request, content: body }, header))
    let bytes: string
    try {
      bytes = bytesOf(content)
    } catch {
      bytes = bytesOf(parseAsSigned(text) as JsonObject)
    }
    return origin !== server && keys.isSignedAsKnown(origin, bytes, [key, signature], clock.now())
  }

  /**
   * The content, once the signature is checked. While it waits for a key it is bytes, which take a fraction of the
   * memory of values.
   */
  async function read(req: IncomingMessage, header: XMatrix | null, held: Held): Promise<Content> {
    for (const again of [false, true]) {
      if (header && !(await whenKnown(header, held, again))) break
      if (!held.bytes) throw limited('matrix_bodies')
      const content = contentOf(held.bytes)
      if (!header || isProven(req, header, content)) return content
    }
    throw unauthorised('The signature of the request is not valid')
  }

  async function answer(req: IncomingMessage): Promise<unknown> {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'https://relay')
    if (!total.take('')) throw limited('matrix_requests')
    const { route, params } = find(req.method ?? '', pathname)
    const header = route.open ? null : parseXMatrix(req.headers.authorization)
    if (header && header.destination !== null && header.destination !== server)
      throw unauthorised('The request is for another server')
    const most = route.large ? MATRIX_BODY_BYTES : 4 * MATRIX_SMALL_ANSWER_BYTES
    const held = { bytes: route.method === 'GET' ? EMPTY : await bodyOf(req, most) }
    const { content: body = {}, values } = await read(req, header, held)
    const origin = header?.origin ?? ''
    if (header) {
      if (!perServer.take(origin)) throw limited('matrix_requests_per_server')
      heard(origin)
    }
    if (inWork + values > MATRIX_VALUES_AT_ONCE) throw limited('matrix_values')
    inWork += values
    try {
      return await route.run({ origin, params, query: searchParams, body })
    } finally {
      inWork -= values
    }
  }

  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const arrived = clock.uptime()
    // before any await: unread chunks cost far more memory than their bytes
    bodies.begin(req)
    try {
      const body = await answer(req)
      send(res, 200, body)
    } catch (thrown) {
      const error = bodyError(thrown)
      if (error instanceof MatrixError && error.limit !== undefined) counters.reached(error.limit)
      if (res.destroyed) return
      const known = error instanceof MatrixError
      if (!known) log.error({ err: error }, 'matrix request failed')
      const { status, errcode, message, fields } = known
        ? error
        : new MatrixError(500, 'M_UNKNOWN', 'Internal server error')
      if (!req.complete) res.setHeader('Connection', 'close')
      // private and absent rooms are answered after the same time
      if (status === 404) await pause(Math.max(0, arrived + MATRIX_ABSENT_MS - clock.uptime()))
      send(res, status, { errcode, error: message, ...fields })
    }
  }
}

function send(res: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  res.end(text)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw unrecognised()
  }
}

/** @throws MatrixError `M_NOT_JSON`, `M_BAD_JSON` */
function contentOf(bytes: Buffer): Content {
  // invalid UTF-8 would be signed as one text and read as another
  if (!isUtf8(bytes)) throw notJson('Content not UTF-8')
  const text = bytes.toString('utf8')
  const budget: ValueBudget = { left: MATRIX_REQUEST_VALUES }
  const content = text === '' ? undefined : parseJson(text, budget)
  if (content !== undefined && !isObject(content)) throw badJson('Content not an object')
  return { text, content, values: MATRIX_REQUEST_VALUES - budget.left }
}

/** The error of a body as federation names it; another error as it is. */
function bodyError(thrown: unknown): unknown {
  if (!(thrown instanceof RelayError)) return thrown
  if (thrown.code === 'body_too_large') return new MatrixError(413, 'M_TOO_LARGE', 'The request is too large')
  if (thrown.code === 'body_malformed') return notJson('The request was cut short')
  return thrown.code === 'busy' ? limited('matrix_bodies') : thrown
}
