// An HTTP or HTTPS listener that keeps its patience and its sockets bounded, and closes for good.

import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Counters } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { CLOSE_MS, KIB, SECOND } from '../lib/limits.js'
import { originOf, reachableHost } from '../lib/platform.js'
import { createConnectionLimits } from './connection-limits.js'
import type { Handler } from './contract.js'

export interface Listener {
  host: string
  port: number
  /** without a path; by the address at which others most likely reach it */
  readonly url: string
  close(): Promise<void>
}

/** Milliseconds for the head of a request: an onion circuit may stall for some seconds. */
const HEADERS_MS = 20 * SECOND
/** Milliseconds for a whole request; the longest is a form of a few fields. */
const REQUEST_MS = 30 * SECOND
/** Milliseconds a quiet keep-alive socket is held: long enough for a page's style and picture. */
const KEEP_ALIVE_MS = 5 * SECOND
/** Milliseconds between looks at the clocks above. */
const CHECK_MS = 5 * SECOND
/** Bytes and lines of a request's head. */
const HEADER_BYTES = 8 * KIB
const HEADER_LINES = 64
/** Requests on one socket: answers that are not read pile up behind each other, so a pipeline has an end. */
const REQUESTS_PER_SOCKET = 32
/** Milliseconds without a byte either way, in the middle of an answer too, after which a socket is cut. */
const SILENCE_MS = 30 * SECOND
/** Milliseconds between looks for sockets that went idle while closing. */
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
  /** what the listener is called where it cannot be had */
  name?: string
  counters?: Counters | undefined
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
  /** The key and certificate, both as PEM, for handshakes from now on; sockets that are open keep theirs. */
  present(pair: { key: string; cert: string }): void
}

/** What every handshake is held to. */
export const TLS_RULES = { minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] } as const

/**
 * Listens for HTTPS. Until it has a certificate to present, every handshake fails.
 * @throws RelayError `address_unusable`
 */
export async function listenTls(handler: Handler, at: ListenAt): Promise<TlsListener> {
  const crowd = createConnectionLimits(handler, at)
  const server = createTlsServer({ ...PATIENCE, ...TLS_RULES, handshakeTimeout: TLS_MS }, crowd.handler)
  const listener = await open(server, crowd, 'https', at)
  // a copy would have the address of now
  return Object.assign(listener, {
    present: ({ key, cert }: { key: string; cert: string }) =>
      void server.setSecureContext({ ...TLS_RULES, key, cert }),
  })
}

async function open(
  server: Server,
  crowd: Pick<ReturnType<typeof createConnectionLimits>, 'watch' | 'sockets'>,
  scheme: 'http' | 'https',
  { host, port, name = 'web' }: ListenAt,
): Promise<Listener> {
  server.maxHeadersCount = HEADER_LINES
  server.maxRequestsPerSocket = REQUESTS_PER_SOCKET
  server.timeout = SILENCE_MS
  crowd.watch(server)
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
    // asked for anew: a board may get its address after the relay has started, or another one later
    get url() {
      return originOf(scheme, reachableHost(bound.address), bound.port)
    },
    close() {
      closing ??= new Promise((resolve) => {
        // what is being answered may finish, what idles goes, and nobody holds the close up for long
        const idle = setInterval(() => server.closeIdleConnections(), CLOSING_CHECK_MS)
        const cut = setTimeout(() => {
          // the server knows no socket whose TLS handshake is still going on
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
