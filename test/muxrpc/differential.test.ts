// SPDX-License-Identifier: AGPL-3.0-or-later
// Sequences of calls and streams against npm's muxrpc, at random: as callee and as caller, in place of npm's own.

import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import type { Caller } from '../../src/muxrpc/contract.js'
import type { Methods } from '../../src/muxrpc/registry.js'
import type { RpcStream } from '../../src/muxrpc/stream.js'
import type { End, Source } from '../helpers/pull.js'
import { createCaller, END, EVERYBODY, openSession, type SentFrame, STREAM } from '../helpers/session.js'

const require = createRequire(import.meta.url)
const Muxrpc = require('muxrpc')
const codec = require('packet-stream-codec')

/** Sequences that are tried: a few seconds of them, or as many as are asked for. */
const RUNS = Number(process.env.TIDE_FUZZ_RUNS ?? 300)
const SEED = Number(process.env.TIDE_FUZZ_SEED ?? 20_250_101)

const MANIFEST = { echo: 'async', fail: 'async', count: 'source', collect: 'sink', mirror: 'duplex' }

/** What a caller does, in order; `stream` is the number of a stream among those opened. */
type Step =
  | { do: 'echo'; value: unknown }
  | { do: 'fail'; message: string }
  | { do: 'count'; values: unknown[] }
  | { do: 'collect' }
  | { do: 'mirror' }
  | { do: 'write'; stream: number; value: unknown }
  | { do: 'end'; stream: number }

// an empty text or buffer is a frame without a body, which npm takes for a goodbye
const value = fc.oneof(
  fc.jsonValue(),
  fc.string({ minLength: 1 }),
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
)
const values = fc.array(
  value.filter((each) => each !== null && each !== ''),
  { maxLength: 5 },
)
const present = value.filter((each) => each !== null && each !== '')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('echo' as const), value: present }),
  fc.record({ do: fc.constant('fail' as const), message: fc.string() }),
  fc.record({ do: fc.constant('count' as const), values }),
  fc.record({ do: fc.constant('collect' as const) }),
  fc.record({ do: fc.constant('mirror' as const) }),
  fc.record({ do: fc.constant('write' as const), stream: fc.nat({ max: 5 }), value: present }),
  fc.record({ do: fc.constant('end' as const), stream: fc.nat({ max: 5 }) }),
)
const steps = fc.array(step, { minLength: 1, maxLength: 20 })

/** What is compared of a run: values and ends by request, in order. */
type Observed = Array<[call: string, ...seen: unknown[]]>

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function settled(): Promise<void> {
  for (let i = 0; i < 6; i++) await tick()
}

/** A source that says what it is told to. */
function pushable(): { source: Source<unknown>; push(value: unknown): void; end(): void; aborted: End } {
  const waiting: unknown[] = []
  let ended: End = null
  let reader: ((end: End, data?: unknown) => void) | null = null
  const pump = (): void => {
    if (!reader || (waiting.length === 0 && !ended)) return
    const cb = reader
    reader = null
    if (waiting.length > 0) cb(null, waiting.shift())
    else cb(ended)
  }
  const made = {
    aborted: null as End,
    source: ((abort, cb) => {
      if (abort) {
        made.aborted = abort
        ended = abort
        reader?.(abort)
        reader = null
        cb(abort)
      } else {
        reader = cb
        pump()
      }
    }) as Source<unknown>,
    push(value: unknown) {
      waiting.push(value)
      pump()
    },
    end() {
      ended ??= true
      pump()
    },
  }
  return made
}

/** Reads all that a source says into a list, its end last. */
function drain(read: Source<unknown>, into: unknown[]): void {
  const next = (): void =>
    read(null, (end, data) => {
      if (end) into.push(['end', end === true ? true : { message: (end as Error).message }])
      else {
        into.push(data)
        next()
      }
    })
  next()
}

/** npm's muxrpc as the callee, with the methods the steps call. */
function npmPeer(api: object): {
  // biome-ignore lint/suspicious/noExplicitAny: muxrpc
  rpc: any
  bytes: Buffer[]
  onBytes(listener: (bytes: Buffer) => void): void
  give(bytes: Buffer): void
} {
  const rpc = Muxrpc(MANIFEST, MANIFEST, api, 'x', null, null, false)
  const bytes: Buffer[] = []
  let listener: ((bytes: Buffer) => void) | null = null
  const incoming = pushable()
  rpc.stream.sink(incoming.source)
  const read = (): void =>
    rpc.stream.source(null, (end: End, data?: Buffer) => {
      if (end) return
      bytes.push(data as Buffer)
      listener?.(data as Buffer)
      read()
    })
  read()
  return {
    ...{ rpc, bytes },
    onBytes(told) {
      listener = told
    },
    give: (chunk) => incoming.push(Buffer.from(chunk)),
  }
}

/** Methods for npm's callee. */
function npmApi(seen: unknown[][]): object {
  return {
    echo: (value: unknown, cb: (err: null, value: unknown) => void) => cb(null, value),
    fail: (message: string, cb: (err: Error) => void) => cb(new Error(message)),
    count(values: unknown[]) {
      let at = 0
      return (abort: End, cb: (end: End, data?: unknown) => void) =>
        abort ? cb(abort) : at < values.length ? cb(null, values[at++]) : cb(true)
    },
    collect() {
      const got: unknown[] = []
      seen.push(got)
      return (read: Source<unknown>) => drain(read, got)
    },
    mirror() {
      const back = pushable()
      return {
        source: back.source,
        sink: (read: Source<unknown>) => {
          const next = (): void =>
            read(null, (end, data) => {
              if (end) return back.end()
              back.push(data)
              next()
            })
          next()
        },
      }
    },
  }
}

/** The same methods for a session of ours. */
function ourMethods(seen: unknown[][]): Methods<Caller> {
  const access = EVERYBODY
  return {
    echo: { type: 'async', access, call: (_, value) => value },
    fail: {
      ...{ type: 'async', access },
      call: () => {
        throw new Error('internal error')
      },
    },
    count: {
      ...{ type: 'source', access },
      open(_, stream, values) {
        for (const each of (values as unknown[]).map(revive)) stream.write(each)
        stream.end()
      },
    },
    collect: {
      ...{ type: 'sink', access },
      open(_, stream) {
        const got: unknown[] = []
        seen.push(got)
        stream.handler = {
          data: (body, type) =>
            void got.push(codec.decodeBody(Buffer.from(body), { length: body.length, type }).value),
          ended: (err) => void got.push(['end', err === true ? true : { message: err.message }]),
        }
      },
    },
    mirror: {
      ...{ type: 'duplex', access },
      open(_, stream) {
        stream.handler = {
          data: (body, type) =>
            void stream.write(codec.decodeBody(Buffer.from(body), { length: body.length, type }).value),
        }
      },
    },
  }
}

/** Bytes among a call's arguments have become JSON on their way. */
function revive(value: unknown): unknown {
  return value
}

/** Runs steps as npm's caller against a callee whose bytes come back by `connect`. */
async function asCaller(
  todo: Step[],
  connect: (peer: ReturnType<typeof npmPeer>) => void,
): Promise<{ observed: Observed; bytes: Buffer }> {
  const peer = npmPeer({})
  connect(peer)
  const observed: Observed = []
  const streams: Array<ReturnType<typeof pushable> | { end(): void; push(value: unknown): void }> = []
  for (const each of todo) {
    const seen: [string, ...unknown[]] = [each.do]
    if (each.do === 'echo' || each.do === 'fail') {
      observed.push(seen)
      const argument = each.do === 'echo' ? each.value : each.message
      peer.rpc[each.do](argument, (err: Error | null, value: unknown) => seen.push(err ? 'error' : value))
    } else if (each.do === 'count') {
      observed.push(seen)
      drain(peer.rpc.count(each.values), seen)
    } else if (each.do === 'collect') {
      observed.push(seen)
      const out = pushable()
      peer.rpc.collect((err: unknown) => seen.push(['done', err ?? null]))(out.source)
      streams.push(out)
    } else if (each.do === 'mirror') {
      observed.push(seen)
      const out = pushable()
      const duplex = peer.rpc.mirror()
      duplex.sink(out.source)
      drain(duplex.source, seen)
      streams.push(out)
    } else {
      const stream = streams[each.stream % Math.max(1, streams.length)]
      if (each.do === 'write') stream?.push(each.value)
      else stream?.end()
    }
    await settled()
  }
  return { observed, bytes: Buffer.concat(peer.bytes) }
}

/** Frames of a byte stream. */
function framesOf(bytes: Buffer): Array<{ request: number; flags: number; body: string }> {
  const frames = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1)
    frames.push({
      request: bytes.readInt32BE(at + 5),
      flags: bytes[at] as number,
      body: bytes.toString('latin1', at + 9, at + 9 + length),
    })
    at += 9 + length
  }
  return frames
}

/** Of errors the code is ours and the stack is npm's: what both must have is an error. */
const comparable = (frames: Array<{ request: number; flags: number; body: string }>): unknown =>
  frames.map((frame) => (frame.flags & END && !(frame.flags & STREAM) ? { ...frame, body: 'error' } : frame))

t.test('as callee: the frames are npm’s, and its caller sees the same', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (todo) => {
      const stockSeen: unknown[][] = []
      const stock = npmPeer(npmApi(stockSeen))
      const theirs = await asCaller(todo, (caller) => {
        caller.onBytes((bytes) => stock.give(bytes))
        stock.onBytes((bytes) => caller.give(bytes))
      })
      const ourSeen: unknown[][] = []
      const opened = openSession(createCaller({ calls: 1000 }), {
        methods: ourMethods(ourSeen),
        isRead: true,
      })
      let told = 0
      const ours = await asCaller(todo, (caller) => {
        caller.onBytes((bytes) => {
          opened.session.receive(Buffer.from(bytes))
          const written = opened.bytes()
          caller.give(written.subarray(told))
          told = written.length
        })
      })
      t.context.frames = [framesOf(Buffer.concat(stock.bytes)), framesOf(opened.bytes())]
      if (!same(ours.observed, theirs.observed))
        throw new Error(`seen ${show(ours.observed)}, by npm ${show(theirs.observed)}`)
      if (!same(ourSeen, stockSeen)) throw new Error(`heard ${show(ourSeen)}, by npm ${show(stockSeen)}`)
      const [want, have] = [framesOf(Buffer.concat(stock.bytes)), framesOf(opened.bytes())].map((frames) =>
        byRequest(comparable(frames) as SentFrame[]),
      )
      if (!same(have, want)) throw new Error(`sent ${show(have)}, npm ${show(want)}`)
    }),
    { numRuns: RUNS, seed: SEED },
  )
  t.pass(`${RUNS} sequences, seed ${SEED}`)
})

/** Frames in their order, for each request apart: in which order requests are answered is nobody's promise. */
function byRequest(frames: Array<{ request: number }>): unknown {
  const found = new Map<number, unknown[]>()
  for (const frame of frames) found.set(frame.request, [...(found.get(frame.request) ?? []), frame])
  return [...found].sort(([a], [b]) => a - b)
}

const show = (value: unknown): string => JSON.stringify(value)
const same = (a: unknown, b: unknown): boolean => show(a) === show(b)

t.test('as caller: the frames are npm’s', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (todo) => {
      const stock = npmPeer(npmApi([]))
      const theirs = await asCaller(todo, (caller) => {
        caller.onBytes((bytes) => stock.give(bytes))
        stock.onBytes((bytes) => caller.give(bytes))
      })
      const callee = npmPeer(npmApi([]))
      const opened = openSession(createCaller(), { isRead: true })
      let told = 0
      const pass = (): void => {
        const written = opened.bytes()
        callee.give(written.subarray(told))
        told = written.length
      }
      callee.onBytes((bytes) => {
        opened.session.receive(Buffer.from(bytes))
        setImmediate(pass)
      })
      const streams: RpcStream[] = []
      const observed: Observed = []
      for (const each of todo) {
        const seen: [string, ...unknown[]] = [each.do]
        const handler = {
          data: (body: Buffer, type: number) =>
            void seen.push(codec.decodeBody(Buffer.from(body), { length: body.length, type }).value),
          ended: (err: Error | true) =>
            void seen.push(['end', err === true ? true : { message: err.message }]),
        }
        if (each.do === 'echo' || each.do === 'fail') {
          observed.push(seen)
          opened.session.request([each.do], [each.do === 'echo' ? each.value : each.message], (err, value) =>
            seen.push(err ? 'error' : value),
          )
        } else if (each.do === 'count') {
          observed.push(seen)
          opened.session.stream(['count'], [each.values], 'source', handler)
        } else if (each.do === 'collect' || each.do === 'mirror') {
          observed.push(seen)
          streams.push(
            opened.session.stream([each.do], [], each.do === 'collect' ? 'sink' : 'duplex', handler),
          )
        } else {
          const stream = streams[each.stream % Math.max(1, streams.length)]
          if (each.do === 'write') stream?.write(each.value)
          else stream?.end()
        }
        pass()
        await settled()
      }
      const [want, have] = [theirs.bytes, opened.bytes()].map((bytes) => byRequest(framesOf(bytes)))
      if (!same(have, want)) throw new Error(`sent ${show(have)}, npm ${show(want)}`)
      const answers = ({ 0: name }: [string, ...unknown[]]): boolean =>
        name === 'echo' || name === 'fail' || name === 'count'
      if (!same(observed.filter(answers), theirs.observed.filter(answers)))
        throw new Error(`seen ${show(observed)}, by npm ${show(theirs.observed)}`)
    }),
    { numRuns: RUNS, seed: SEED },
  )
  t.pass(`${RUNS} sequences, seed ${SEED}`)
})
