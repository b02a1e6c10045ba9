// SPDX-License-Identifier: AGPL-3.0-or-later
// WebSocket upgrades: checks path and host as for a page, then hands the socket to the SSB peer.

import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Counters } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import type { AcceptSsb, ListenerKind, RelayHostnames, Upgrade } from './contract.js'
import { ownAddress } from './own-hostnames.js'
import type { ReverseProxy } from './proxy.js'

export interface UpgradeComponents {
  accept: AcceptSsb
  proxy: Pick<ReverseProxy, 'cameBy'>
  hostnames(): RelayHostnames
  counters: Pick<Counters, 'refused'>
  /** Called at every upgrade. */
  used?: (() => void) | undefined
}

/**
 * Returns what answers the upgrades of one kind of listener. Any Origin may connect, as SSB clients send none: the caller
 * proves its key in the secret handshake, and no cookie counts.
 */
export function createUpgrades({ accept, proxy, hostnames, counters, used }: UpgradeComponents) {
  /** @throws RelayError `wrong_host`, `proxy_unproven`, `not_found` */
  function check(req: IncomingMessage, kind: ListenerKind): ListenerKind {
    const by = kind === 'local' ? proxy.cameBy(req) : 'direct'
    if (by === 'unproven') throw new RelayError('proxy_unproven')
    const reached = by === 'https' ? 'domain' : kind
    const own = ownAddress(req.headers.host, req.socket.localAddress, reached, hostnames())
    if (!own) throw new RelayError('wrong_host')
    // under an alias subdomain only the page of that alias exists
    if (req.url !== '/' || own.alias !== null) throw new RelayError('not_found')
    return reached
  }

  return (kind: ListenerKind): Upgrade =>
    (req, socket, head, release) => {
      used?.()
      // nobody else listens for the errors of an upgraded socket
      socket.on('error', () => {})
      try {
        accept({ req, socket, head }, check(req, kind), release)
      } catch (err) {
        if (!(err instanceof RelayError)) throw err
        counters.refused(err)
        refuse(socket, err)
      }
    }
}

function refuse(socket: Socket, { status, message }: RelayError): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(message) + 1}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${message}\n`)
  socket.destroySoon()
}
