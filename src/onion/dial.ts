// SPDX-License-Identifier: AGPL-3.0-or-later
// Connects to tor's control port: a unix socket or a loopback port.

import type { NetConnectOpts, Socket } from 'node:net'
import { connectSocket } from '../lib/connect-socket.js'
import { SECOND } from '../lib/limits.js'
import { isLoopback } from '../lib/platform.js'

/** Milliseconds to connect on the same machine. */
const CONNECT_MS = 10 * SECOND

/** Connects to a unix socket. */
export const dialUnix = (path: string): Promise<Socket> => connectSocket({ path }, CONNECT_MS)

/**
 * Connects to a control port that the operator named, `unix:PATH` or `HOST:PORT`.
 * @throws Error that says what to do
 */
export async function dialControl(where: string): Promise<Socket> {
  const at = controlAt(where)
  try {
    return await connectSocket(at, CONNECT_MS)
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM')
      throw new Error(`${where} cannot be opened: add the relay's user to its group (Debian: debian-tor)`)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') throw new Error(`no tor listens at ${where}`)
    throw new Error(`${where}: ${(err as Error).message}`)
  }
}

function controlAt(where: string): NetConnectOpts {
  if (where.startsWith('unix:')) return { path: where.slice('unix:'.length) }
  const [, name = '', port = ''] = /^(.+):(\d+)$/.exec(where) ?? []
  const host = name.replace(/^\[(.*)\]$/, '$1')
  // the onion's streams would end at that machine's loopback, and the key would cross the network unencrypted
  if (!isLoopback(host)) throw new Error(`${where} is on another machine: tor must run on this machine`)
  return { host, port: Number(port) }
}
