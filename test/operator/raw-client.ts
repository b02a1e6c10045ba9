// SPDX-License-Identifier: AGPL-3.0-or-later
// A control socket client that writes the protocol itself, like a program in another language.

import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from '../helpers/wait.js'

export interface RawClient {
  socket: Socket
  /** all complete lines received so far, parsed */
  lines: Array<Record<string, unknown>>
  hasEnded: boolean
  /** Sends an object as a line. */
  ask(request: object): void
  /** The first line for an id that is not progress. */
  answer(id: number | null): Promise<Record<string, unknown>>
}

/** Connects; disconnects when the test ends. */
export async function connectRaw(t: Test, dataDir: string): Promise<RawClient> {
  const socket = connect({ path: join(dataDir, 'control.sock'), allowHalfOpen: true })
  const client: RawClient = {
    socket,
    lines: [],
    hasEnded: false,
    ask: (request) => void socket.write(`${JSON.stringify(request)}\n`),
    answer: (id) =>
      until(`an answer to ${id}`, async () =>
        client.lines.find((line) => line.id === id && !('progress' in line)),
      ),
  }
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) client.lines.push(JSON.parse(part))
  })
  socket.on('error', () => {})
  socket.on('end', () => {
    client.hasEnded = true
  })
  socket.on('close', () => {
    client.hasEnded = true
  })
  t.teardown(() => socket.destroy())
  await until('the greeting', async () => client.lines.length > 0)
  return client
}
