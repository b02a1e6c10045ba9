// SPDX-License-Identifier: AGPL-3.0-or-later
// Our relay and its rivals, each in a process of its own with data of its own, behind one interface.

import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import ssbKeys, { type Keys } from 'ssb-keys'
import { connectOperator } from '../../src/operator/client.js'
import type { Operator } from '../../src/operator/protocol.js'
import type { ReadAnswer } from './client-process.js'
import type { BenchFeed } from './feeds.js'
import { freePort, removeTemporary, type Started, startNode, temporary } from './process.js'

export interface Server {
  name: string
  pid: number
  port: number
  /** feed id */
  id: string
  /** URL of its pages, without a slash at the end; null where it has none */
  web: string | null
  /** Makes these feeds welcome: they may connect, and they are asked for their messages. */
  follow(ids: string[]): Promise<void>
  /** Ends the process; its data goes with it. */
  stop(): Promise<void>
}

/** What Node is given on a board, as scripts/start.sh does. */
export const BOARD_FLAGS = [
  ...['--max-old-space-size=96', '--max-semi-space-size=1', '--v8-pool-size=1', '--expose-gc'],
]
const BOARD_ENV = { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '65536' }
const READY_MS = 30_000

/** The built command line: the nearest `dist` above the compiled bench. */
function cli(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const path = join(directory, 'dist', 'cli.js')
    if (existsSync(path)) return path
    const parent = dirname(directory)
    if (parent === directory) throw new Error('dist/cli.js is missing: npm run build')
    directory = parent
  }
}

export interface TidepoolOptions {
  /** with the flags of scripts/start.sh, or as Node comes */
  board?: boolean
  /** directory to write a CPU profile to */
  profile?: string | null
  /** further settings, `key=value` */
  sets?: readonly string[]
}

/** Our relay, whole, through its own command line. */
export async function startTidepool({
  board = true,
  profile = null,
  sets = [],
}: TidepoolOptions = {}): Promise<Server & { operator: Operator }> {
  const data = temporary('tidepool')
  if (profile) mkdirSync(profile, { recursive: true })
  const child = startNode({
    args: [
      ...(board ? BOARD_FLAGS : []),
      ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []),
      cli(),
      'start',
      ...['--data', data],
      ...['--set', 'ssb.host=127.0.0.1', '--set', 'ssb.port=0', '--set', 'web.port=0'],
      ...['--set', 'whois.port=0'],
      ...['--set', 'log.level=warn'],
      ...sets.flatMap((each) => ['--set', each]),
    ],
    env: board ? BOARD_ENV : {},
  })
  const { operator, close } = await untilReady(child, () => connectOperator(data))
  const { id, addresses } = await operator.status()
  return {
    name: board ? 'tidepool' : 'tidepool, plain Node',
    pid: child.pid,
    port: Number(addresses.ssb[0]?.split('~')[0]?.split(':').pop()),
    id,
    web: addresses.web,
    operator,
    async follow(ids) {
      await Promise.all(ids.map((id) => operator.membersAdd(id)))
    },
    async stop() {
      close()
      await child.stop()
      removeTemporary(data)
    },
  }
}

async function untilReady<T>(child: Started, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + READY_MS
  for (;;) {
    try {
      return await attempt()
    } catch (err) {
      if (child.ended || Date.now() > deadline) {
        await child.stop()
        throw new Error(`the relay did not start: ${child.lastWords()}`, { cause: err })
      }
      await delay(10)
    }
  }
}

export type Rival = 'secret-stack' | 'ssb-db2' | 'ssb-server' | 'ssb-room'

export interface RivalOptions {
  /** ssb-server with the fewest plugins that replicate */
  lean?: boolean
  /** ssb-db2 adding each message only when the one before it is stored */
  oneByOne?: boolean
  /** with the flags our relay has on a board */
  board?: boolean
  /** ssb-db2 with ssb-ebt, which serves these feeds; each file has one message value per line */
  ebt?: Array<{ id: string; file: string }>
}

/** A rival in bench/rivals, which answers `follow`. */
export async function startRival(rival: Rival, options: RivalOptions = {}): Promise<Server> {
  const data = temporary(rival)
  const script = fileURLToPath(new URL(`../rivals/${rival}.js`, import.meta.url))
  const child = startNode({
    args: [...(options.board ? BOARD_FLAGS : []), script],
    env: { HOME: data, ...(options.board ? BOARD_ENV : {}) },
    answers: true,
  })
  const port = await freePort()
  const wsPort = await freePort()
  const webPort = await freePort()
  const id = await child.ask<string>('start', { path: data, port, wsPort, webPort, ...options })
  return {
    name: `${rival}${options.lean ? ', lean' : ''}${options.ebt ? ' and ssb-ebt' : ''}${options.board ? ', our flags' : ''}`,
    pid: child.pid,
    port,
    id,
    web: rival === 'ssb-room' ? `http://127.0.0.1:${webPort}` : null,
    follow: (ids) => child.ask('follow', ids),
    async stop() {
      await child.stop()
      removeTemporary(data)
    },
  }
}

/** Node and nothing else. */
export async function startBare(): Promise<Server> {
  const child = startNode({ args: ['-e', 'setInterval(() => {}, 60000)'] })
  return {
    name: 'bare Node',
    pid: child.pid,
    port: 0,
    id: '',
    web: null,
    follow: async () => {},
    stop: child.stop,
  }
}

// --- clients -----------------------------------------------------------------------------------------------------

export interface Clients {
  connect(as: string, server: Server, keys: Keys): Promise<void>
  disconnect(as: string): Promise<void>
  read(as: string, id: string, check?: boolean): Promise<ReadAnswer>
  load(feed: BenchFeed): Promise<void>
  give(as: string, watcher: string, feed: BenchFeed): Promise<ReadAnswer>
  /** Brings the crowd from `from` to `to` members; answers how many are connected. */
  gather(server: Server, from: number, to: number, silent?: boolean): Promise<number>
  /** Each member of the crowd begins a session of EBT that asks for these feeds; answers how many did. */
  replicateAll(feeds: string[]): Promise<number>
  /** Reads feeds by EBT until as many messages have come. */
  readByEbt(as: string, feeds: string[], count: number): Promise<ReadAnswer>
  disperse(): Promise<void>
  stop(): Promise<void>
}

/** One process that plays clients. */
export function startClients(): Clients {
  const script = fileURLToPath(new URL('./client-process.js', import.meta.url))
  const child = startNode({ args: [script], answers: true })
  return {
    connect: (as, { port, id }, keys) => child.ask('connect', { as, port, server: id, keys }),
    disconnect: (as) => child.ask('disconnect', { as }),
    read: (as, id, check) => child.ask('read', { as, id, check }),
    load: ({ id, file }) => child.ask('load', { id, file }),
    give: (as, watcher, { id, count }) => child.ask('give', { as, watcher, id, count }),
    gather: ({ port, id }, from, to, silent) => child.ask('gather', { from, to, port, server: id, silent }),
    replicateAll: (feeds) => child.ask('replicateAll', { feeds }),
    readByEbt: (as, feeds, count) => child.ask('readByEbt', { as, feeds, count }),
    disperse: () => child.ask('disperse'),
    stop: child.stop,
  }
}

/**
 * Has a server take a whole feed in from its author, while another member watches for the last message.
 * @param reader a member's keys; it stays connected as `reader`
 */
export async function fill(
  server: Server,
  clients: Clients,
  feed: BenchFeed,
  reader: Keys = ssbKeys.generate(),
): Promise<ReadAnswer> {
  await server.follow([feed.id, reader.id])
  await clients.load(feed)
  await clients.connect('reader', server, reader)
  await clients.connect('author', server, feed.keys)
  return clients.give('author', 'reader', feed)
}

/** Reads back what `fill` has filled in, every message checked, so that missing messages do not count. */
export async function check(server: Server, clients: Clients, feed: BenchFeed): Promise<void> {
  const { messages } = await clients.read('reader', feed.id, true)
  if (messages !== feed.count) throw new Error(`${server.name} holds ${messages} of ${feed.count} messages`)
}
