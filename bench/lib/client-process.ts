// SPDX-License-Identifier: AGPL-3.0-or-later
// The process that plays the clients: it reads feeds, offers feeds, and holds crowds of idle members.

import { readFileSync } from 'node:fs'
import type { Keys } from 'ssb-keys'
import { type Client, connectClient, streamFrames, yieldFrames } from './client.js'
import { answerWith } from './ipc.js'
import { memberKeys } from './members.js'

export interface ConnectQuestion {
  /** name under which later questions mean this connection */
  as: string
  port: number
  server: string
  keys: Keys
}

interface Spent {
  ms: number
  /** processor time this process used meanwhile, ms */
  busy: number
}

export interface ReadAnswer extends Spent {
  messages: number
  bytes: number
}

interface Offer {
  values: Buffer
  keyed: Buffer
}

const clients = new Map<string, Client>()
const offers = new Map<string, Offer>()
const crowd: Client[] = []

/** Connections opened at once; a relay bounds the handshakes it has under way. */
const AT_ONCE = 50
const PATIENCE_MS = 300_000
/** Head start of the live stream that shows the end of an ingest. */
const WATCH_FIRST_MS = 200
const REASK_MS = 500

function client(name: string): Client {
  const found = clients.get(name)
  if (!found || found.closed) throw new Error(`${name} is not connected`)
  return found
}

function patiently<T>(what: string, run: (done: (value: T) => void, fail: (err: Error) => void) => void) {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took too long`)), PATIENCE_MS)
    const settle =
      <A>(how: (argument: A) => void) =>
      (argument: A): void => {
        clearTimeout(timer)
        how(argument)
      }
    run(settle(resolve), settle(reject))
  })
}

/** Starts a stopwatch. Calling what it returns reads it. */
function startWatch(): () => Spent {
  const busyBefore = process.cpuUsage()
  const started = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(busyBefore)
    return { ms: performance.now() - started, busy: (user + system) / 1000 }
  }
}

/** Reads one feed to its end. With `check`, every message is parsed and its place in the feed looked at. */
function read({ as, id, check = false }: { as: string; id: string; check?: boolean }): Promise<ReadAnswer> {
  return patiently(`reading ${id}`, (done, fail) => {
    const watch = startWatch()
    let messages = 0
    let bytes = 0
    client(as).history({ id, sequence: 1, seq: 1, keys: true, live: false }, (body, ended) => {
      if (ended) {
        const spent = watch()
        if (body.toString() !== 'true') return fail(new Error(`the stream failed: ${body}`))
        return done({ messages, bytes, ...spent })
      }
      messages += 1
      bytes += body.length
      if (!check) return
      const { key, value } = JSON.parse(body.toString())
      if (!key || value.author !== id || value.sequence !== messages)
        fail(new Error(`message ${messages} came as ${value?.sequence}`))
    })
  })
}

/** Makes ready to answer for a feed, in both forms a server may ask for. */
function load({ id, file }: { id: string; file: string }): void {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  // Receivers make the key themselves; any well-formed one will do.
  const head = `{"key":"%${'A'.repeat(43)}=.sha256","value":`
  offers.set(id, {
    values: streamFrames(lines.map((line) => Buffer.from(line))),
    keyed: streamFrames(lines.map((line) => Buffer.from(`${head}${line},"timestamp":1600000000000}`))),
  })
}

/**
 * Lets the server take a feed in, and answers the milliseconds from the first message handed to the socket until the
 * server serves the last one to `watcher`.
 */
function give({ as, watcher, id, count }: { as: string; watcher: string; id: string; count: number }) {
  const offer = offers.get(id)
  if (!offer) throw new Error(`${id} was not loaded`)
  return patiently<ReadAnswer>(`giving ${id}`, (done) => {
    let watch: (() => Spent) | null = null
    let asking: NodeJS.Timeout | null = null

    function ask(live: boolean): void {
      const query = { id, sequence: count, seq: count, keys: true, live }
      client(watcher).history(query, (body, ended) => {
        if (ended || !watch) return
        const spent = watch()
        watch = null
        if (asking) clearInterval(asking)
        done({ messages: count, bytes: body.length, ...spent })
      })
    }
    ask(true)

    client(as).answer((query, request) => {
      if (query.id !== id) return null
      const next = yieldFrames(query.keys === false ? offer.values : offer.keyed, request)
      return () => {
        watch ??= startWatch()
        const piece = next()
        // A live query of ssb-db2 now and then misses what is added while it starts: then it is asked for again.
        if (!piece) asking ??= setInterval(() => ask(false), REASK_MS)
        return piece
      }
    })
    // Servers ask for a member's feed once the member has asked for its own (SPIP-02). Not live: ssb-server keeps one
    // place per feed for all live readers, and this one would move the watcher's.
    const own = { id, sequence: 1, seq: 1, live: false }
    setTimeout(() => client(as).history(own, () => {}), WATCH_FIRST_MS)
  })
}

/**
 * Begins a session of EBT: answers the server's first clock with one that asks for these feeds from the start.
 * @param hear called with each further frame of the session
 */
function replicate(peer: Client, feeds: string[], hear: (body: Buffer) => void): Promise<void> {
  return patiently('the first clock', (done, fail) => {
    let begun = false
    const pipe = peer.duplex('ebt.replicate', [{ version: 3, format: 'classic' }], (body, ended) => {
      if (ended) return fail(new Error(`the session failed: ${body}`))
      if (begun) return hear(body)
      begun = true
      pipe.sendJson(Object.fromEntries(feeds.map((feed) => [feed, 0])))
      done()
    })
  })
}

/** Each member of the crowd begins a session; answers how many did. */
async function replicateAll({ feeds }: { feeds: string[] }): Promise<number> {
  for (const member of crowd) await replicate(member, feeds, () => {})
  return crowd.length
}

/** Reads feeds by EBT until as many messages have come. */
async function readByEbt({ as, feeds, count }: { as: string; feeds: string[]; count: number }) {
  const watch = startWatch()
  let messages = 0
  let bytes = 0
  await patiently<void>('reading by EBT', (done, fail) => {
    replicate(client(as), feeds, (body) => {
      // anything else is a clock
      if (!body.includes('"author"')) return
      messages += 1
      bytes += body.length
      if (messages === count) done()
    }).catch(fail)
  })
  return { messages, bytes, ...watch() } satisfies ReadAnswer
}

interface Gathering {
  from: number
  to: number
  port: number
  server: string
  /** without a call */
  silent?: boolean
}

async function gather({ from, to, port, server, silent }: Gathering): Promise<number> {
  for (let first = from; first < to; first += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, to - first) }, async (_, i) => {
      const keys = memberKeys(first + i)
      const member = await connectClient({ port, server, keys })
      if (!silent) member.history({ id: keys.id, sequence: 1, seq: 1, live: true }, () => {})
      crowd.push(member)
    })
    await Promise.all(batch)
  }
  return crowd.filter(({ closed }) => !closed).length
}

answerWith({
  async connect({ as, ...options }: ConnectQuestion) {
    clients.set(as, await connectClient(options))
  },
  disconnect({ as }: { as: string }) {
    clients.get(as)?.close()
    clients.delete(as)
  },
  read,
  load,
  give,
  gather,
  replicateAll,
  readByEbt,
  disperse() {
    for (const member of crowd.splice(0)) member.close()
  },
})
