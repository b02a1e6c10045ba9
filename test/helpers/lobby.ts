// SPDX-License-Identifier: AGPL-3.0-or-later
// A relay with its lobby on, reachable by TLS on 127.0.0.1 under a server name with a port.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Authority, writePair } from './certificates.js'
import { freePort } from './ports.js'
import { type BootedRelay, type BootOptions, bootRelay, shortDir } from './relay.js'

export interface LobbyRelay extends BootedRelay {
  server: string
  port: number
  alias: string
  /** the lobby's room id */
  room: string
}

/** Settings of a lobby on a port of this machine, which trusts the authority and may call this machine. */
export async function lobbySets(t: Test, authority: Authority, port: number): Promise<string[]> {
  const dir = join(await shortDir(t), 'tls')
  mkdirSync(dir, { recursive: true })
  const pair = writePair(dir, await authority.issue('127.0.0.1'))
  writeFileSync(join(dir, 'ca.pem'), authority.root)
  return [
    'matrix.enabled=true',
    `matrix.server_name=127.0.0.1:${port}`,
    'matrix.host=127.0.0.1',
    `matrix.port=${port}`,
    `matrix.tls_key=${pair.key}`,
    `matrix.tls_cert=${pair.cert}`,
    `matrix.ca=${join(dir, 'ca.pem')}`,
    "matrix.allow=['127.0.0.0/8']",
  ]
}

/** Starts a relay that trusts the authority and may call this machine. */
export async function bootLobby(
  t: Test,
  authority: Authority,
  { sets = [], dataDir, port: wanted, ...options }: BootOptions & { port?: number } = {},
): Promise<LobbyRelay> {
  const port = wanted ?? (await freePort())
  const server = `127.0.0.1:${port}`
  const relay = await bootRelay(t, {
    ...options,
    ...(dataDir ? { dataDir } : {}),
    sets: [...(await lobbySets(t, authority, port)), ...sets],
  })
  const { alias, room_id: room } = (await relay.status()).matrix
  return Object.assign(relay, { server, port, alias: alias ?? '', room: room ?? '' })
}

/** The texts of the lobby's messages, as the relay has them. */
export async function lobbyTexts(relay: LobbyRelay): Promise<string[]> {
  return (await relay.operator.matrixMessages()).map(({ text }) => text)
}
