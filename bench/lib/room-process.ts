// SPDX-License-Identifier: AGPL-3.0-or-later
// The process that plays a room's clients: ends of tunnels, callers that only shake hands, and crowds of attendants.

import { setTimeout as delay } from 'node:timers/promises'
import ssbKeys, { type Keys } from 'ssb-keys'
import { type Client, connectClient, type Pipe } from './client.js'
import { answerWith } from './ipc.js'
import { memberKeys } from './members.js'

export interface Address {
  port: number
  /** feed id */
  server: string
}

/** How a client is in the room: only there, as a Rooms 1 client, or as a Rooms 2 client. */
export type Manner = 'announce' | 'endpoints' | 'attendants'

export interface CrowdQuestion extends Address {
  count: number
  manner: Manner
  /** connections opened at once */
  atOnce: number
  /** milliseconds between one batch and the next */
  pause: number
}

export interface Volleys {
  p50: number
  p99: number
}

/** Nanoseconds on the clock that all processes of a machine share. */
const now = (): bigint => process.hrtime.bigint()
const WARM_UP = 20

const clients = new Map<string, Client>()
const pipes = new Map<string, Pipe>()
/** What the other end of a tunnel does with what comes. */
let hear: (body: Buffer, pipe: Pipe) => void = () => {}

function client(as: string): Client {
  const found = clients.get(as)
  if (!found || found.closed) throw new Error(`${as} is not connected`)
  return found
}

function pipe(as: string): Pipe {
  const found = pipes.get(as)
  if (!found) throw new Error(`${as} has no tunnel`)
  return found
}

// --- tunnels -----------------------------------------------------------------------------------------------------

/** Bounces `count` bodies off the other end, one after the other. */
async function volley({ as, count, bytes }: { as: string; count: number; bytes: number }): Promise<Volleys> {
  const ball = Buffer.alloc(bytes, 'ball')
  const times: number[] = []
  for (let i = 0; i < WARM_UP + count; i++) {
    const thrown = now()
    let left = bytes
    await new Promise<void>((resolve) => {
      hear = (body) => {
        left -= body.length
        if (left <= 0) resolve()
      }
      pipe(as).send(ball)
    })
    if (i >= WARM_UP) times.push(Number(now() - thrown) / 1e6)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] as number
  return { p50: at(0.5), p99: at(0.99) }
}

/** Waits until so many bytes have come; answers when that was, as text, since numbers are too coarse for it. */
let counted: Promise<string> = Promise.resolve('')
function count(bytes: number): void {
  counted = new Promise((resolve) => {
    let left = bytes
    hear = (body) => {
      left -= body.length
      if (left <= 0) resolve(String(now()))
    }
  })
}

// --- handshakes --------------------------------------------------------------------------------------------------

const CALLERS = 64
const callers: Keys[] = []

/** Handshakes by `atOnce` callers, each beginning the next when its last is done; answers the milliseconds. */
async function shake({
  count,
  atOnce,
  ...address
}: Address & { count: number; atOnce: number }): Promise<number> {
  while (callers.length < CALLERS) callers.push(ssbKeys.generate())
  let begun = 0
  const started = now()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (begun < count) {
        const keys = callers[begun++ % CALLERS] as Keys
        const caller = await connectClient({ ...address, keys })
        caller.close()
      }
    }),
  )
  return Number(now() - started) / 1e6
}

// --- crowds ------------------------------------------------------------------------------------------------------

const crowd: Client[] = []

async function arrive(number: number, manner: Manner, address: Address): Promise<void> {
  const one = await connectClient({ ...address, keys: memberKeys(number) })
  crowd.push(one)
  await subscribe(one, manner)
}

async function subscribe(one: Client, manner: Manner): Promise<void> {
  if (manner === 'announce') {
    await one.ask('tunnel.isRoom')
    await one.ask('tunnel.announce')
    return
  }
  // resolved by the first word, so that nobody is counted who is not there
  await new Promise<void>((resolve) => {
    one.source(manner === 'endpoints' ? 'tunnel.endpoints' : 'room.attendants', [], () => resolve())
  })
}

async function gather({ count, manner, atOnce, pause, ...address }: CrowdQuestion): Promise<number> {
  for (let first = 0; first < count; first += atOnce) {
    const size = Math.min(atOnce, count - first)
    await Promise.all(Array.from({ length: size }, (_, i) => arrive(first + i, manner, address)))
    if (pause > 0) await delay(pause)
  }
  return crowd.filter(({ closed }) => !closed).length
}

answerWith({
  async connect({ as, port, server, keys }: Address & { as: string; keys: Keys }) {
    const one = await connectClient({ port, server, keys })
    one.host((opened) => {
      pipes.set(as, opened)
      return (body) => hear(body, opened)
    })
    clients.set(as, one)
    await subscribe(one, 'announce')
  },
  open({ as, portal, target }: { as: string; portal: string; target: string }) {
    const opened = client(as).duplex('tunnel.connect', [{ portal, target }], (body, ended) => {
      if (ended) throw new Error(`the tunnel ended: ${body}`)
      hear(body, opened)
    })
    pipes.set(as, opened)
  },
  /** What comes is sent back. */
  echo() {
    hear = (body, from) => from.send(Buffer.from(body))
  },
  volley,
  count({ bytes }: { bytes: number }) {
    count(bytes)
  },
  counted: () => counted,
  /** Begins to send; answers when that was. */
  pour({ as, bytes, each }: { as: string; bytes: number; each: number }) {
    const began = String(now())
    pipe(as).pour(bytes, each)
    return began
  },
  shake,
  gather,
  /** Has everyone who is here listen. */
  async subscribe({ manner }: { manner: Manner }) {
    await Promise.all(crowd.map((one) => subscribe(one, manner)))
  },
  /** Bytes each of the crowd has received, in the order they came. */
  received: () => crowd.map(({ received }) => received),
  disperse() {
    for (const one of crowd.splice(0)) one.close()
  },
})
