// SPDX-License-Identifier: AGPL-3.0-or-later
// Attacks on the SSB port by strangers and by a member, and on the files that a relay reads.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises'
import ssbKeys from 'ssb-keys'
import { FRAME_BYTES } from '../../src/lib/limits.js'
import { connectRaw, END, JSON_BODY, STREAM } from '../flows/raw.js'
import { connectClient } from '../helpers/client.js'
import { createTestFeed, historyOf } from '../helpers/feed.js'
import { stretchWire } from '../helpers/room-wire.js'
import { until, within } from '../helpers/wait.js'
import { attack, FLAGS, LONG } from './attack.js'
import { crumble, crumblingWire } from './pieces.js'

const EFFECT = 500

attack('unfinished handshakes', async ({ ssb }) => {
  for (let i = 0; i < 500; i++) ssb(randomBytes(63))
  await pause(EFFECT)
})

attack(
  'a flood of WebSocket upgrades, half-open and with unfinished messages of 100 MB',
  async ({ pages, host }) => {
    const head = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
    const upgrade = `${head}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`
    const large = Buffer.from('82ff0000000005f5e10000000000', 'hex')
    const unfinished = Buffer.from(`82fe7fff00000000${'00'.repeat(32_000)}`, 'hex')
    for (let i = 0; i < (LONG ? 2000 : 500); i++) {
      pages(head)
      pages(Buffer.concat([Buffer.from(upgrade), i % 2 ? large : unfinished]))
      if (i % 50 === 0) await breathe()
    }
    await pause(EFFECT)
  },
  { sets: ['web.ssb=true'] },
)

attack('handshakes of random bytes', async ({ ssb }) => {
  for (let i = 0; i < (LONG ? 2000 : 500); i++) ssb(randomBytes(64 + 112))
  await pause(EFFECT)
})

attack('a megabyte of random bytes on each of many sockets', async ({ ssb }) => {
  for (let i = 0; i < 100; i++) ssb(randomBytes(1_000_000))
  await pause(EFFECT)
})

attack('half-sent frames of strangers', async ({ ssbPort, id }, t) => {
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => connectRaw({ port: ssbPort, relay: id })),
  )
  t.teardown(() => clients.map((client) => client.close()))
  const head = Buffer.alloc(9)
  head.writeUInt8(JSON_BODY, 0)
  head.writeUInt32BE(FRAME_BYTES.stranger, 1)
  head.writeInt32BE(1, 5)
  for (const client of clients) {
    client.write(head)
    client.write(Buffer.alloc(FRAME_BYTES.stranger - 1, ' '))
  }
  await pause(EFFECT)
})

attack('handshakes in chunks of one byte', async ({ ssb }) => {
  await Promise.all(Array.from({ length: 300 }, () => crumble(ssb(''), randomBytes(63))))
  await pause(EFFECT)
})

attack('boxes in chunks of one byte', async ({ ssbPort, id }, t) => {
  const port = await crumblingWire(t, ssbPort)
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectRaw({ port, relay: id })))
  t.teardown(() => clients.map((client) => client.close()))
  const padding = JSON.stringify('x'.repeat(LONG ? 20_000 : 2000))
  for (const client of clients) client.call('whoami', 'async', `[${padding}]`)
  const answered = clients.map((client) => within('an answer', client.answer(1), 60_000))
  for (const { body } of await Promise.all(answered)) t.match(body, /^\{"id":"@/)
})

attack('calls of a peer that never reads', async ({ ssbPort, id }, t) => {
  const wires = await Promise.all(Array.from({ length: 20 }, () => stretchWire(t, ssbPort)))
  const clients = await Promise.all(wires.map(({ port }) => connectRaw({ port, relay: id })))
  t.teardown(() => clients.map((client) => client.close()))
  for (const wire of wires) wire.stop()
  for (let i = 0; i < (LONG ? 20_000 : 2000); i++) {
    for (const client of clients) if (!client.isClosed()) client.call('manifest', 'sync', '[]')
    if (i % 50 === 0) await breathe()
  }
  await pause(EFFECT)
})

attack('a hundred thousand streams, opened and closed', async ({ ssbPort, id }, t) => {
  let opened = 0
  for (let round = 0; round < (LONG ? 10 : 2); round++) {
    const client = await connectRaw({ port: ssbPort, relay: id })
    for (let i = 0; i < 10_000 && !client.isClosed(); i++) {
      const request = client.call('room.attendants', 'source', '[]')
      client.send('true', { flags: STREAM | END | JSON_BODY, request })
      opened += 1
      if (i % 100 === 0) await breathe()
    }
    client.close()
  }
  t.comment(`${opened} streams`)
})

attack('a hundred thousand streams that are never closed', async ({ ssbPort, id }) => {
  for (let round = 0; round < (LONG ? 50 : 10); round++) {
    const client = await connectRaw({ port: ssbPort, relay: id })
    for (let i = 0; i < 2000 && !client.isClosed(); i++) {
      client.call('room.attendants', 'source', '[]')
      if (i % 100 === 0) await breathe()
    }
    client.close()
  }
})

attack('calls with twenty thousand empty arrays as arguments', async ({ ssbPort, id }, t) => {
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => connectRaw({ port: ssbPort, relay: id })),
  )
  t.teardown(() => clients.map((client) => client.close()))
  const args = `[[${'[],'.repeat(20_000)}[]]]`
  for (let i = 0; i < (LONG ? 100 : 10); i++) {
    for (const client of clients) client.call('tunnel.isRoom', 'async', args)
    await breathe()
  }
  await pause(EFFECT)
})

attack('a configuration of eighty thousand empty arrays', async ({ cli }, t) => {
  const file = join(t.testdir({ 'relay.toml': `a = [${'[],'.repeat(80_000)}[]]\n` }), 'relay.toml')
  const child = spawn(process.execPath, [...FLAGS, cli, 'start', '--config', file], {
    env: { PATH: process.env.PATH ?? '', HOME: t.testdirName },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const [code, signal] = await once(child, 'close')
  t.same([code, signal], [1, null], said.slice(0, 400))
  t.match(said, /config_invalid/)
})

attack(
  'a vouched feed of many messages, withdrawn',
  async ({ ssbPort, id, operator }, t) => {
    const keys = ssbKeys.generate()
    const feed = createTestFeed()
    feed.post(LONG ? 350_000 : 5000, 'x')
    await operator.membersAdd(keys.id)
    const api = { createHistoryStream: historyOf(feed) }
    const { rpc } = await connectClient({ port: ssbPort, relay: id, keys, api })
    t.teardown(() => rpc.close(true, () => {}))
    const follow = (following: boolean): Promise<unknown> =>
      new Promise((resolve, reject) =>
        rpc.follow({ feed: feed.id, following }, (err: unknown, value: unknown) =>
          err ? reject(err) : resolve(value),
        ),
      )
    const held = async (): Promise<number> =>
      (await operator.membersList()).find((member) => member.id === feed.id)?.messages ?? 0
    await follow(true)
    await until('the feed to be stored', async () => (await held()) === feed.messages.length, 100_000)
    await follow(false)
    await until('the feed to be deleted', async () => (await operator.status()).feeds <= 2, 60_000)
    const { checks } = await operator.doctor({})
    t.match(
      checks.find(({ name }) => name === 'store'),
      { severity: 'ok' },
    )
  },
  { rss: 96 },
)
