// SPDX-License-Identifier: AGPL-3.0-or-later
// An admitted connection and its session without a network: for methods, limits and evictions.

import { Socket } from 'node:net'
import type { Methods } from '../../src/muxrpc/registry.js'
import type { TotalLimits } from '../../src/muxrpc/stream-limits.js'
import { type CallerClass, Connection, createCallerLimits } from '../../src/peer/connection.js'
import { TcpConnection } from '../../src/wire/tcp-connection.js'
import { openSession, type TestSession } from './session.js'
import { silentLog } from './store.js'

export interface TestCaller extends TestSession<Connection> {
  connection: Connection
}

export interface CallerOptions {
  id: string
  callerClass?: CallerClass
  methods?: Methods<Connection>
  totals?: TotalLimits
  isRead?: boolean
  now?: () => number
  /** tunnels that one peer may have */
  tunnels?: number
}

/** A TCP connection whose socket was never connected: it can be paused, ended and closed as any other. */
export function idleTcp(now: () => number = () => performance.now()): TcpConnection {
  return new TcpConnection(new Socket(), { name: 'public', now, fault() {}, gone() {} })
}

export function openCaller(options: CallerOptions): TestCaller {
  const { id, callerClass = 'member', tunnels = 4, now } = options
  const parts = { log: silentLog, limits: createCallerLimits(tunnels) }
  const connection = new Connection(id, callerClass, idleTcp(now), parts)
  const opened = openSession(connection, options)
  connection.rpc = opened.session
  return Object.assign(opened, { connection })
}
