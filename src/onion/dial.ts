// Connecting to a control port: our own tor's, or one of the system's by its unix socket or its loopback port.

import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { SECOND } from '../lib/limits.js'
import { isLoopback } from '../lib/platform.js'

/** Milliseconds to connect on one machine: more means that nobody takes connections there. */
const CONNECT_MS = 10 * SECOND

/** Connects to a unix socket. */
export const dialUnix = (path: string): Promise<Socket> => dial({ path })

/**
 * Connects to a control port that the operator named, `unix:PATH` or `HOST:PORT`.
 * @throws Error in words that say what to do
 */
export async function dialControl(where: string): Promise<Socket> {
  const at = controlAt(where)
  try {
    return await dial(at)
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM')
      throw new Error(`${where} is not open to us: add our user to its group (Debian: debian-tor)`)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') throw new Error(`no tor listens at ${where}`)
    throw new Error(`${where}: ${(err as Error).message}`)
  }
}

function controlAt(where: string): NetConnectOpts {
  if (where.startsWith('unix:')) return { path: where.slice('unix:'.length) }
  const [, name = '', port = ''] = /^(.+):(\d+)$/.exec(where) ?? []
  const host = name.replace(/^\[(.*)\]$/, '$1')
  // its streams would end at its own loopback, and the key would cross the network in the clear
  if (!isLoopback(host)) throw new Error(`${where} is another machine's: the tor must run on this one`)
  return { host, port: Number(port) }
}

function dial(at: NetConnectOpts): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(at)
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('nobody takes the connection')))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeListener('error', reject)
      // from here on whoever reads the socket hears of its end; until then it may not throw
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}
