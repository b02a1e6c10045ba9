// SPDX-License-Identifier: AGPL-3.0-or-later
// Outgoing HTTPS: addresses are checked after DNS, answers are limited in size and time, sockets are few.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { isIP } from 'node:net'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { ByteBuilder } from '../lib/byte-builder.js'
import { RelayError } from '../lib/errors.js'
import { SECOND } from '../lib/limits.js'
import {
  MATRIX_REDIRECTS,
  MATRIX_REQUEST_MS,
  MATRIX_REQUESTS_OUT,
  MATRIX_SMALL_ANSWER_BYTES,
  MATRIX_SOCKETS,
} from '../lib/matrix-limits.js'
import type { AddressRules } from './addresses.js'
import type { WellKnownAnswer } from './discovery.js'

export interface Call {
  host: string
  port: number
  path: string
  method?: string
  headers?: Record<string, string>
  /** the name in the certificate */
  certificate: string
  body?: string
  /** most bytes of the answer */
  bytes?: number
  ms?: number
}

export interface Https {
  call(call: Call): Promise<WellKnownAnswer>
  /** A GET that follows redirects, each to an address that is checked as well. */
  fetch(url: string): Promise<WellKnownAnswer>
  close(): void
}

/** Milliseconds a socket is kept open for the next request. */
const KEEP_MS = 30 * SECOND

/**
 * @param ca PEM file of roots beside the usual ones
 * @throws RelayError `certificate_unusable`
 */
export function createHttps(rules: AddressRules, ca: string | null): Https {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MATRIX_SOCKETS,
    maxFreeSockets: 1,
    timeout: KEEP_MS,
    maxCachedSessions: 16,
  })
  // One for all connections: given as `ca`, the roots would be parsed for each, and be part of each socket's pool name.
  const secureContext = contextOf(ca)
  let active = 0
  const waiting: Array<() => void> = []

  async function slot<T>(run: () => Promise<T>): Promise<T> {
    if (active >= MATRIX_REQUESTS_OUT) await new Promise<void>((resolve) => waiting.push(resolve))
    active += 1
    try {
      return await run()
    } finally {
      active -= 1
      waiting.shift()?.()
    }
  }

  /** A kept connection may be closed at the very moment it is used again: that says nothing of the server. */
  function send(call: Call): Promise<WellKnownAnswer> {
    return attempt(call).catch((err: NodeJS.ErrnoException & { reused?: boolean }) => {
      if (err.reused && err.code === 'ECONNRESET') return attempt(call)
      throw err
    })
  }

  function attempt(call: Call): Promise<WellKnownAnswer> {
    const { host, port, path, method = 'GET', headers = {}, certificate, body } = call
    const most = call.bytes ?? MATRIX_SMALL_ANSWER_BYTES
    if (isIP(host) && !rules.allows(host)) return Promise.reject(new Error(`${host} is a private address`))
    return new Promise((resolve, reject) => {
      const options = {
        ...{ agent, secureContext, host, port, path, method, lookup: rules.lookup },
        // an IP address has no place in the TLS handshake, but it has one in the certificate
        ...(isIP(certificate) ? { servername: '' } : { servername: certificate }),
        headers: {
          ...headers,
          ...(body === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
        },
      }
      const req = request(options, (res) => {
        const gathered = new ByteBuilder()
        res.on('data', (part: Buffer) => {
          if (gathered.length + part.length > most)
            req.destroy(new Error(`the answer has more than ${most} bytes`))
          else gathered.append(part)
        })
        res.on('end', () => {
          clearTimeout(timer)
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            body: gathered.bytes().toString('utf8'),
          })
        })
        res.on('error', reject)
        res.on('aborted', () => reject(new Error('the answer was cut short')))
      })
      const timer = setTimeout(
        () => req.destroy(new Error('no answer in time')),
        call.ms ?? MATRIX_REQUEST_MS,
      )
      req.on('error', (err) => {
        clearTimeout(timer)
        reject(Object.assign(err, { reused: req.reusedSocket }))
      })
      req.end(body)
    })
  }

  return {
    call: (call) => slot(() => send(call)),
    async fetch(url) {
      let at = new URL(url)
      for (let hops = 0; hops <= MATRIX_REDIRECTS; hops++) {
        if (at.protocol !== 'https:') throw new Error('the redirect leaves HTTPS')
        const host = at.hostname.replace(/^\[|\]$/g, '')
        const port = Number(at.port || 443)
        const target = {
          host,
          port,
          path: `${at.pathname}${at.search}`,
          certificate: host,
          headers: { Host: at.host },
        }
        const answer = await slot(() => send(target))
        const { location } = answer.headers
        if (![301, 302, 303, 307, 308].includes(answer.status) || typeof location !== 'string') return answer
        at = new URL(location, at)
      }
      throw new Error('too many redirects')
    },
    close: () => agent.destroy(),
  }
}

function contextOf(ca: string | null): SecureContext {
  if (ca === null) return createSecureContext()
  try {
    const roots = readFileSync(ca, 'utf8')
    // TLS passes over what is no certificate, so that every call would fail later
    new X509Certificate(roots)
    return createSecureContext({ ca: [...rootCertificates, roots] })
  } catch (err) {
    throw new RelayError('certificate_unusable', `matrix.ca: ${(err as Error).message}`, { cause: err })
  }
}
