// SPDX-License-Identifier: AGPL-3.0-or-later
// Streams that no app opens: data where none is read, refused streams that are not ended, endless calls.

import ssbKeys, { type Keys } from 'ssb-keys'
import { test } from 'tap'
import { CALLS_PER_CONNECTION } from '../../src/lib/limits.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { bootRelay, connectMember, until, within } from '../helpers/relay.js'
import { connectRoomClient } from '../helpers/room-client.js'
import { at, faults, isUp } from './checks.js'
import { connectRaw, END, JSON_BODY, type RawClient, STREAM } from './raw.js'

const DATA = JSON_BODY | STREAM

test('data on a stream that takes none costs the sender its connection', async (t) => {
  const relay = await bootRelay(t)
  const bystander = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const { code } = await relay.operator.inviteCreate({})
  const { seed } = parseInviteCode(code)
  const member = ssbKeys.generate()
  await relay.operator.membersAdd(member.id)
  const callers = [ssbKeys.generate(), ssbKeys.generate('ed25519', seed), member]
  const calls: Array<[name: string, call: (raw: RawClient) => number]> = [
    ['a list', (raw) => raw.call('room.attendants', 'source', '[]')],
    ['a history', (raw) => raw.call('createHistoryStream', 'source', `[{"id":"${member.id}","live":true}]`)],
    [
      'a source that speaks of duplexes',
      (raw) => raw.call('room.attendants', 'source', '[{"type":"duplex"}]'),
    ],
  ]
  for (const keys of callers) {
    for (const [name, call] of calls) {
      const raw = await connectRaw({ ...at(relay), keys })
      await isUp(t, raw, relay, 'connected')
      const request = call(raw)
      raw.send('[[[[]]]]', { flags: DATA, request })
      // allowed or refused: the connection is closed, or the stream has ended and its data is dropped
      for (let i = 0; i < 3; i++) raw.send('[[[[]]]]', { flags: DATA, request })
      await Promise.race([raw.closed, raw.answer(raw.call('whoami', 'sync', '[]')).catch(() => {})])
      t.ok(
        raw.isClosed() || raw.frames.some((frame) => frame.request === -request && frame.flags & END),
        name,
      )
      raw.close()
    }
  }
  const live = await connectRaw({ ...at(relay), keys: callers[0] as Keys })
  const list = live.call('room.attendants', 'source', '[]')
  await live.answer(list)
  live.send('[[[[]]]]', { flags: DATA, request: list })
  await within('the connection to be cut', live.closed)
  t.same(await bystander.rpc.whoami(), { id: relay.id })
  t.same(faults(relay), [])
})

test('what is sent on a call that was refused goes nowhere, and the connection stands', async (t) => {
  const relay = await bootRelay(t)
  const raw = await connectRaw({ ...at(relay) })
  t.teardown(raw.close)
  for (const type of ['source', 'duplex', 'sink']) {
    const request = raw.call('no.such', type, '[]')
    t.ok((await raw.answer(request)).flags & END)
    for (let i = 0; i < 100; i++) raw.send('[[[[]]]]', { flags: DATA, request })
    raw.send('true', { flags: DATA | END, request })
    await isUp(t, raw, relay, type)
    t.equal(raw.frames.filter((frame) => frame.request === -request).length, 1)
  }
})

test('calls that are refused and never ended are forgotten, and a flood of them is cut off', async (t) => {
  const relay = await bootRelay(t)
  const bystander = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const patient = await connectRaw({ ...at(relay) })
  for (let i = 0; i < 1000; i++) {
    const request = patient.send('{"name":[],"args":[],"type":"source"}', { flags: DATA })
    if (i % 25 === 24) await patient.answer(request)
  }
  await isUp(t, patient, relay, 'one after the other, any number')
  patient.close()

  const flood = await connectRaw({ ...at(relay) })
  for (let i = 0; i < 3000; i++) flood.send('{"name":[],"args":[],"type":"source"}', { flags: DATA })
  await within('the flood to be cut off', flood.closed)
  t.same(await bystander.rpc.whoami(), { id: relay.id })
  t.same(faults(relay), [])
})

test('a connection has one ping, and a stranger few streams', async (t) => {
  const relay = await bootRelay(t)
  const raw = await connectRaw({ ...at(relay) })
  t.teardown(raw.close)
  const first = raw.call('gossip.ping', 'duplex', '[]')
  const second = await raw.answer(raw.call('gossip.ping', 'duplex', '[]'))
  t.match(second.body, /busy/)
  raw.send('1', { flags: DATA, request: first })
  t.match((await raw.answer(first)).body, /^\d+$/)
  raw.send('true', { flags: DATA | END, request: first })
  const next = raw.call('gossip.ping', 'duplex', '[]')
  raw.send('1', { flags: DATA, request: next })
  t.match((await raw.answer(next)).body, /^\d+$/, 'another after it')

  const flood = await connectRaw({ ...at(relay) })
  for (let i = 0; i < 2000; i++) flood.call('gossip.ping', 'duplex', '[]')
  await within('the flood to be cut off', flood.closed)
  await isUp(t, raw, relay, 'the other')
})

test('tunnels that their callers end leave nothing behind', async (t) => {
  const relay = await bootRelay(t)
  const target = await connectRoomClient(t, relay)
  const raw = await connectRaw({ ...at(relay) })
  t.teardown(raw.close)
  const connect = `[{"portal":"${relay.id}","target":"${target.id}"}]`
  // more than the limit, tunnels included, at once
  for (let i = 0; i < 5 * CALLS_PER_CONNECTION.stranger; i++) {
    const request = raw.call('tunnel.connect', 'duplex', connect)
    if (i % 2) raw.send(Buffer.from('not a handshake'), { flags: STREAM, request })
    else await until('the target to be told', () => target.told.length > i)
    raw.send('true', { flags: DATA | END, request })
    await until('our end', () => raw.frames.some((each) => each.request === -request && each.flags & END))
  }
  await isUp(t, raw, relay, 'still connected')
  t.same(await target.rpc.whoami(), { id: relay.id })
})
