// SPDX-License-Identifier: AGPL-3.0-or-later
// HTTP and HTTPS listeners with timeouts and limits.

import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Counters } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { CLOSE_MS, KIB, SECOND } from '../lib/limits.js'
import { originOf, reachableHost } from '../lib/platform.js'
import { createConnectionLimits } from './connection-limits.js'
import type { Handler, Upgrade } from './contract.js'

export interface Listener {
  host: string
  port: number
  /** origin by which others most likely reach the listener */
  readonly url: string
  close(): Promise<void>
}

/** Milliseconds for the request head: an onion circuit may stall for some seconds. */
const HEADERS_MS = 20 * SECOND
/** Milliseconds for a whole request. The longest is a small form. */
const REQUEST_MS = 30 * SECOND
/** Milliseconds that an idle keep-alive socket stays open: enough for a page's style sheet and image. */
const KEEP_ALIVE_MS = 5 * SECOND
/** Milliseconds between checks of these timeouts. */
const CHECK_MS = 5 * SECOND
/** Limits of the request head: bytes and lines. */
const HEADER_BYTES = 8 * KIB
const HEADER_LINES = 64
/** Requests per socket. It bounds a pipeline whose responses are not read. */
const REQUESTS_PER_SOCKET = 32
/** Milliseconds without a byte in either direction before a socket is closed, also during a response. */
const SILENCE_MS = 30 * SECOND
/** Milliseconds between checks for idle sockets while closing. */
const CLOSING_CHECK_MS = 20

/** Milliseconds for a TLS handshake. */
const TLS_MS = 15 * SECOND

const PATIENCE = {
  headersTimeout: HEADERS_MS,
  requestTimeout: REQUEST_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: CHECK_MS,
  maxHeaderSize: HEADER_BYTES,
}

export interface ListenAt {
  host: string
  port: number
  /** listener name in errors */
  name?: string
  counters?: Counters | undefined
  /** answers upgrade requests; without it they are answered as others */
  upgrade?: Upgrade | undefined
}

/**
 * Listens for HTTP.
 * @throws RelayError `address_unusable`
 */
export function listen(handler: Handler, at: ListenAt): Promise<Listener> {
  const crowd = createConnectionLimits(handler, at)
  return open(createServer(PATIENCE, crowd.handler), crowd, 'http', at)
}

export interface TlsListener extends Listener {
  /** Sets key and certificate (PEM) for new handshakes. */
  present(pair: { key: string; cert: string }): void
}

/** TLS settings of every listener. */
export const TLS_RULES = { minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] } as const

/**
 * Listens for HTTPS. Handshakes fail until `present` has been called.
 * @throws RelayError `address_unusable`
 */
export async function listenTls(handler: Handler, at: ListenAt): Promise<TlsListener> {
  const crowd = createConnectionLimits(handler, at)
  // a relay without HTTPS does not load TLS
  const { createServer: createTlsServer } = await import('node:https')
  const server = createTlsServer({ ...PATIENCE, ...TLS_RULES, handshakeTimeout: TLS_MS }, crowd.handler)
  const listener = await open(server, crowd, 'https', at)
  // not a spread: that would freeze the getter `url`
  return Object.assign(listener, {
    present: ({ key, cert }: { key: string; cert: string }) =>
      void server.setSecureContext({ ...TLS_RULES, key, cert }),
  })
}

async function open(
  server: Server,
  crowd: Pick<ReturnType<typeof createConnectionLimits>, 'watch' | 'sockets' | 'release'>,
  scheme: 'http' | 'https',
  { host, port, name = 'web', upgrade }: ListenAt,
): Promise<Listener> {
  server.maxHeadersCount = HEADER_LINES
  server.maxRequestsPerSocket = REQUESTS_PER_SOCKET
  server.timeout = SILENCE_MS
  crowd.watch(server)
  if (upgrade)
    server.on('upgrade', (req, socket, head) =>
      upgrade(req, socket as Socket, head, () => crowd.release(socket as Socket)),
    )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const { code = 'unknown' } = cause as NodeJS.ErrnoException
      reject(new RelayError('address_unusable', `${name} ${host}:${port} (${code})`, { cause }))
    })
    server.listen({ host, port }, resolve)
  })
  const bound = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  return {
    host: bound.address,
    port: bound.port,
    // computed at each call: the machine's address may change
    get url() {
      return originOf(scheme, reachableHost(bound.address), bound.port)
    },
    close() {
      closing ??= new Promise((resolve) => {
        // responses in work may finish, idle sockets are closed, and after a while all others
        const idle = setInterval(() => server.closeIdleConnections(), CLOSING_CHECK_MS)
        const cut = setTimeout(() => {
          // not server.closeAllConnections(): it misses sockets in a TLS handshake
          for (const socket of [...crowd.sockets()]) socket.destroy()
        }, CLOSE_MS / 2)
        server.close(() => {
          clearInterval(idle)
          clearTimeout(cut)
          resolve()
        })
        server.closeIdleConnections()
      })
      return closing
    },
  }
}
