// SPDX-License-Identifier: AGPL-3.0-or-later
// Plugins of secret-stack beside our own methods, over a real socket with a stock client.

import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import t from 'tap'
import type { Plugin } from '../../src/peer/plugin-host.js'
import { collect } from '../helpers/client.js'
import { startTestPeer } from '../helpers/peer.js'
import type { End, Source } from '../helpers/pull.js'
import { until } from '../helpers/wait.js'

const require = createRequire(import.meta.url)

const MANIFEST = {
  who: 'sync',
  add: 'async',
  count: 'source',
  keep: 'sink',
  echo: 'duplex',
  hidden: 'async',
} as const

/** A source of values. */
function listed(values: unknown[]): Source<unknown> {
  let at = 0
  return (abort, cb) => (abort ? cb(abort) : at < values.length ? cb(null, values[at++]) : cb(true))
}

/** A plugin with a method of every type, written as those of the ecosystem are. */
function toys() {
  const kept: unknown[] = []
  const seen: { ended: End; api: Record<string, unknown> } = { ended: null, api: {} }
  const plugin: Plugin = {
    name: 'toy-box',
    version: '1.0.0',
    manifest: { ...MANIFEST },
    permissions: { anonymous: { allow: ['who', 'add', 'count', 'keep', 'echo'] } },
    init(api) {
      seen.api = api
      api.whoami.hook(function (this: unknown, whoami: (...args: unknown[]) => object, args: unknown[]) {
        return { ...whoami.apply(this, args), hooked: true }
      })
      return {
        who(this: { id: string }) {
          return this.id
        },
        add: (a: number, b: number, cb: (err: Error | null, sum?: number) => void) =>
          a < 0 ? cb(new Error('of the inside')) : cb(null, a + b),
        count: (most: number) => listed(Array.from({ length: most }, (_, i) => i)),
        keep: () => (read: Source<unknown>) => {
          const next = (): void =>
            read(null, (end, data) => {
              if (end) seen.ended = end
              else {
                kept.push(data)
                next()
              }
            })
          next()
        },
        echo() {
          let reader: ((end: End, data?: unknown) => void) | null = null
          let pull: Source<unknown> | null = null
          return {
            source: (abort: End, cb: (end: End, data?: unknown) => void) => {
              if (abort) return cb(abort)
              reader = cb
              pull?.(null, (end, data) => {
                const answer = reader
                reader = null
                answer?.(end, data)
              })
            },
            sink: (read: Source<unknown>) => {
              pull = read
            },
          }
        },
        hidden: (cb: (err: null, value: string) => void) => cb(null, 'secret'),
      }
    },
  }
  return { plugin, kept, seen }
}

t.test('methods of every type, a hook on one of ours, and what a plugin does not allow', async (t) => {
  const { plugin, kept, seen } = toys()
  const { connect, peer } = await startTestPeer(t, {}, '', { plugins: [plugin] })
  const { rpc, id } = await connect(undefined, undefined, { toyBox: MANIFEST })
  t.equal(await rpc.toyBox.who(), id)
  t.equal(await rpc.toyBox.add(2, 3), 5)
  await t.rejects(rpc.toyBox.add(-1, 3), { message: 'internal error', code: 'internal' })
  t.same(
    await collect(rpc.toyBox.count(1000)),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  t.same(await collect(rpc.toyBox.count(1_000_000), 3), [0, 1, 2], 'a reader may leave')
  listedInto(rpc.toyBox.keep, ['a', { b: 1 }, Buffer.from('c')])
  await until('all is kept', () => seen.ended === true)
  t.same(kept, ['a', { b: 1 }, Buffer.from('c')])
  const echo = rpc.toyBox.echo()
  echo.sink(stays(['x', 'y']))
  t.same(await collect(echo.source, 2), ['x', 'y'])
  await t.rejects(rpc.toyBox.hidden(), { code: 'not_allowed' })
  t.same(await rpc.whoami(), { id: peer.id, hooked: true }, 'the hook holds for callers')
  t.match(await rpc.manifest(), { toyBox: { who: 'sync', echo: 'duplex' }, tunnel: { connect: 'duplex' } })
  t.notOk('hidden' in (await rpc.manifest()).toyBox)
  t.equal(seen.api.id, peer.id)
})

/** Values, and then silence. */
function stays(values: unknown[]): Source<unknown> {
  const left = [...values]
  return (abort, cb) => {
    if (abort) cb(abort)
    else if (left.length > 0) cb(null, left.shift())
  }
}

function listedInto(method: () => (read: Source<unknown>) => void, values: unknown[]): void {
  method()(listed(values))
}

t.test('a plugin of the ecosystem lives beside ours', async (t) => {
  const plugins = [require('ssb-http-invite-client')] as Plugin[]
  const { plugin, seen } = toys()
  const { connect, peer } = await startTestPeer(t, {}, '', { plugins: [...plugins, plugin] })
  const { rpc } = await connect()
  t.match(await rpc.whoami(), { id: peer.id })
  t.type((seen.api.httpInviteClient as Record<string, unknown>)?.claim, 'function')
})

t.test('neither muxrpc nor multiserver is loaded', async (t) => {
  const peer = new URL('../../src/peer/peer.ts', import.meta.url).href
  const script = `
    import { createRequire } from 'node:module'
    await import(${JSON.stringify(peer)})
    console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...process.execArgv.filter((each) => each.startsWith('--import=')), '--input-type=module', '-e', script],
    { maxBuffer: 1e7, cwd: new URL('../..', import.meta.url) },
  )
  const loaded = JSON.parse(stdout.trim().split('\n').at(-1) as string) as string[]
  t.ok(loaded.some((path) => path.includes('/secret-stack/lib/api.js')))
  t.same(
    loaded.filter((path) =>
      /node_modules\/(muxrpc|multiserver|packet-stream(-codec)?|pull-[a-z-]+)\//.test(path),
    ),
    [],
  )
})
