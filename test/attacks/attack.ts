// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs an attack on a relay in its own process, with a board's flags: checks that others are served, delay and memory.

import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { buildRelay, type ChildRelay, childDir, startChild } from '../helpers/child.js'
import { connectClient } from '../helpers/client.js'
import { Visitor } from '../helpers/http.js'
import { within } from '../helpers/wait.js'
import { text } from '../house/files.js'

/** The long form gives the numbers in the documents; the short one runs with every test run. */
export const LONG = process.env.TIDE_ATTACKS === 'long'

/** The limits that an attack must not exceed. */
export interface Budget {
  /** growth of the relay's resident memory, in MB of 10^6 bytes */
  rss?: number
  /** slowest answer of /healthz during the attack, in milliseconds: the longest stall of the event loop */
  stall?: number
}

export interface Target extends ChildRelay {
  /** Opens a socket to the pages and writes; answers are read and discarded. */
  pages(bytes: string | Buffer): Socket
  /** The same for the SSB port. */
  ssb(bytes: string | Buffer): Socket
  /** Host header of the pages */
  host: string
  sets: readonly string[]
  /** path of the built command line */
  cli: string
}

/** Generous times, as attacker and other tests share the cores: alone it takes a third. */
const BUDGET: Required<Budget> = { rss: 48, stall: 6000 }
const startScript = text('scripts/start.sh')
export const FLAGS = (/^exec node ((?:--\S+ )+)"/m.exec(startScript)?.[1] ?? '').trim().split(' ')
const ENV = Object.fromEntries(
  [...startScript.matchAll(/(\w+)="\$\{\1:-(\d+)\}"/g)].map(([, name = '', value = '']) => [name, value]),
)

let cli: Promise<string> | null = null

/**
 * Declares an attack: starts a relay, calls `run`, then checks the budget and that strangers and members are served.
 * @param sets configuration, `key=value`
 */
export function attack(
  name: string,
  run: (relay: Target, t: Test) => Promise<unknown>,
  { sets = [], ...budget }: Budget & { sets?: string[] } = {},
): void {
  t.test(name, { timeout: 120_000 }, async (t) => {
    cli ??= buildRelay(t.parent as Test)
    const built = await cli
    const relay = await startChild(t, built, await childDir(t), { flags: FLAGS, env: ENV, sets })
    await relay.operator.setup({ name: 'Tidepool', description: '' })
    await served(t, relay, 'before')
    const sockets = new Set<Socket>()
    const dial = (port: number, bytes: string | Buffer): Socket => {
      const socket = connect(port, '127.0.0.1')
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', () => {})
      socket.write(bytes)
      return socket
    }
    const rssBefore = memoryOf(relay.pid, 'VmRSS')
    const watch = watchHealth(relay.webUrl)
    // after a failed attack its sockets must not keep this process running
    t.teardown(() => {
      for (const socket of sockets) socket.destroy()
      return watch.stop()
    })
    const { host, port } = new URL(relay.webUrl)
    const target = {
      ...{ ...relay, host, sets, cli: built },
      pages: (bytes: string | Buffer) => dial(Number(port), bytes),
      ssb: (bytes: string | Buffer) => dial(relay.ssbPort, bytes),
    }
    await run(target, t)
    await served(t, relay, 'meanwhile')
    const stall = await watch.end()
    const grown = memoryOf(relay.pid, 'VmHWM') - rssBefore
    for (const socket of sockets) socket.destroy()
    const most = { ...BUDGET, ...budget }
    t.ok(stall <= most.stall, `the loop stood still for ${Math.round(stall)} of ${most.stall} ms`)
    t.ok(grown <= most.rss, `${Math.round(grown)} of ${most.rss} MB more were resident`)
    await served(t, relay, 'afterwards')
    t.equal(await relay.stop(), 0, 'it stops as asked')
  })
}

/** Checks that a visitor gets a page and that an unknown app gets an answer. */
async function served(t: Test, relay: ChildRelay, when: string): Promise<void> {
  const page = within('a page', new Visitor(relay.webUrl).get('/'), 20_000)
  t.equal((await page).status, 200, `${when}: a visitor is served`)
  const joining = new Visitor(relay.webUrl).post('/join', { id: '@x', invite: 'x' })
  t.equal((await within('an answer', joining, 20_000)).status, 404, `${when}: and answered`)
  const app = await within('an app', connectClient({ port: relay.ssbPort, relay: relay.id }), 20_000)
  t.ok(await within('the room', roomOf(app.rpc), 20_000), `${when}: an app is served`)
  await app.close()
}

// biome-ignore lint/suspicious/noExplicitAny: methods as the manifest names them
function roomOf(rpc: any): Promise<unknown> {
  return new Promise((resolve, reject) =>
    rpc.tunnel.isRoom((err: unknown, is: unknown) => (err ? reject(err) : resolve(is))),
  )
}

function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024) / 1e6
}

/** Requests /healthz repeatedly from a thread that the attack does not delay; returns the slowest time. */
function watchHealth(url: string): { end(): Promise<number>; stop(): Promise<unknown> } {
  const script = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { get } = require('node:http')
    let worst = 0
    let over = false
    let since = 0
    const ask = () => {
      if (over) return
      since = performance.now()
      const done = () => { worst = Math.max(worst, performance.now() - since); since = 0; setTimeout(ask, 20) }
      get(workerData + '/healthz', { agent: false }, (res) => res.resume().on('close', done)).on('error', done)
    }
    parentPort.once('message', () => {
      over = true
      parentPort.postMessage(Math.max(worst, since && performance.now() - since))
    })
    ask()`
  const env = { PATH: process.env.PATH ?? '' }
  const worker = new Worker(script, { eval: true, execArgv: [], env, workerData: url })
  return {
    stop: () => worker.terminate(),
    async end() {
      const answer = new Promise<number>((resolve) => worker.once('message', resolve))
      worker.postMessage('end')
      const worst = await answer
      await worker.terminate()
      return worst
    },
  }
}
