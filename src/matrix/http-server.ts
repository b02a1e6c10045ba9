// SPDX-License-Identifier: AGPL-3.0-or-later
// Incoming federation requests: read within limits, verify the signature, apply rate limits, route.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../lib/clock.js'
import type { Log } from '../lib/log.js'
import {
  MATRIX_ABSENT_MS,
  MATRIX_BODY_BYTES,
  MATRIX_REQUESTS,
  MATRIX_REQUESTS_PER_SERVER,
  MATRIX_SMALL_ANSWER_BYTES,
} from '../lib/matrix-limits.js'
import { badJson, limited, MatrixError, notJson, unauthorised } from './errors.js'
import { isObject, type JsonObject, parseJson } from './json.js'
import type { KeyRing } from './key-ring.js'
import { createRateLimit } from './rate-limits.js'
import { signedBytes } from './signing.js'
import { parseXMatrix, signedObject } from './x-matrix.js'

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
  /** called with the name of a server whose signature was verified */
  heard(server: string): void
}

/** True for a path that is ours to answer. */
export const isMatrixPath = (url: string | undefined): boolean =>
  url !== undefined && (/^\/_matrix\//.test(url) || /^\/\.well-known\/matrix\/server(?:\?|$)/.test(url))

const unrecognised = (): MatrixError => new MatrixError(404, 'M_UNRECOGNIZED', 'Unrecognized request')

/** Builds the handler. */
export function createHttpServer({ routes, keys, clock, log, heard }: ServerComponents, server: string) {
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

  async function prove(req: IncomingMessage, content: JsonObject | undefined): Promise<string> {
    const header = parseXMatrix(req.headers.authorization)
    const { origin, destination, key, signature } = header
    if (destination !== null && destination !== server)
      throw unauthorised('The request is for another server')
    const request = { method: req.method ?? '', uri: req.url ?? '', origin, destination: server, content }
    const bytes = signedBytes(signedObject(request, header))
    if (origin === server || !(await keys.isSigned(origin, bytes, [[key, signature]], clock.now())))
      throw unauthorised('The signature of the request is not valid')
    return origin
  }

  async function answer(req: IncomingMessage): Promise<unknown> {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'https://relay')
    if (!total.take('')) throw limited()
    const { route, params } = find(req.method ?? '', pathname)
    const most = route.large ? MATRIX_BODY_BYTES : 4 * MATRIX_SMALL_ANSWER_BYTES
    const text = route.method === 'GET' ? '' : await readBody(req, most)
    const content = text === '' ? undefined : parseJson(text)
    if (content !== undefined && !isObject(content)) throw badJson('Content not an object')
    const origin = route.open ? '' : await prove(req, content)
    if (!route.open) {
      if (!perServer.take(origin)) throw limited()
      heard(origin)
    }
    return route.run({ origin, params, query: searchParams, body: content ?? {} })
  }

  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const arrived = clock.uptime()
    try {
      const body = await answer(req)
      send(res, 200, body)
    } catch (thrown) {
      if (res.destroyed) return
      const known = thrown instanceof MatrixError
      if (!known) log.error({ err: thrown }, 'matrix request failed')
      const { status, errcode, message, fields } = known
        ? thrown
        : new MatrixError(500, 'M_UNKNOWN', 'Internal server error')
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

function readBody(req: IncomingMessage, most: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    const tooLarge = (): void => {
      reject(new MatrixError(413, 'M_TOO_LARGE', 'The request is too large'))
      req.pause()
    }
    if (Number(req.headers['content-length'] ?? 0) > most) return tooLarge()
    req.on('data', (part: Buffer) => {
      size += part.length
      if (size > most) return tooLarge()
      parts.push(part)
    })
    req.on('end', () => {
      const bytes = Buffer.concat(parts)
      const text = bytes.toString('utf8')
      // invalid UTF-8 would be signed as one text and read as another
      if (Buffer.byteLength(text) !== bytes.length || text.includes('\ufffd'))
        if (!Buffer.from(text).equals(bytes)) return reject(notJson('Content not UTF-8'))
      resolve(text)
    })
    req.on('error', reject)
    req.on('aborted', () => reject(notJson('The request was cut short')))
  })
}
