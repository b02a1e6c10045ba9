// SPDX-License-Identifier: AGPL-3.0-or-later
// The admission table in every mode: each row against each method, who is listed and dialled, and equal words.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import { type Test, test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { connectClient } from '../helpers/client.js'
import { type BootedRelay, bootRelay, connectMember, until } from '../helpers/relay.js'
import { connectRoomClient, watch } from '../helpers/room-client.js'
import { stretchWire } from '../helpers/room-wire.js'
import { connectRaw } from './raw.js'
import { METHODS, type Method, MODES, outcome, TABLE } from './table.js'

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

/** A caller of each row of the table. */
async function makeRows({ operator }: BootedRelay): Promise<Record<string, Keys>> {
  const followed = async (role?: 'moderator' | 'admin'): Promise<Keys> => {
    const keys = ssbKeys.generate()
    await operator.membersAdd(keys.id)
    if (role) await operator.membersRole(keys.id, role)
    return keys
  }
  const blocked = ssbKeys.generate()
  await operator.block(blocked.id)
  const { code } = await operator.inviteCreate({})
  return {
    blocked,
    guest: ssbKeys.generate('ed25519', parseInviteCode(code).seed),
    stranger: ssbKeys.generate(),
    member: await followed(),
    moderator: await followed('moderator'),
    admin: await followed('admin'),
  }
}

/** A member with the alias `bob` that accepts every tunnel and sends hello; the room is open meanwhile. */
async function makeHost(t: Test, relay: BootedRelay) {
  const keys = ssbKeys.generate()
  const origins: unknown[] = []
  const connect = ({ origin }: { origin: unknown }) => {
    origins.push(origin)
    let said = false
    return {
      source(abort: unknown, cb: (end: unknown, data?: Buffer) => void) {
        if (abort || said) return cb(abort ?? true)
        said = true
        cb(null, Buffer.from('hello'))
      },
      sink: (read: (abort: null, cb: (end: unknown) => void) => void) => read(null, () => {}),
    }
  }
  const host = await connectMember(t, relay, { keys, api: { tunnel: { connect, ping: () => Date.now() } } })
  await host.rpc.room.registerAlias('bob', signRegistration(keys, relay.id, 'bob'))
  return { ...host, origins }
}

for (const mode of MODES) {
  test(`every row against every method: ${mode}`, async (t) => {
    const relay = await bootRelay(t)
    const callers = await makeRows(relay)
    const host = await makeHost(t, relay)
    await relay.operator.mode(mode)
    for (const [row, cells] of Object.entries(TABLE[mode])) {
      await t.test(row, async (t) => {
        const keys = callers[row] as Keys
        if (cells === 'refused') {
          await t.rejects(connectClient({ ...at(relay), keys }), 'the handshake is not completed')
          return
        }
        const raw = await connectRaw({ ...at(relay), keys })
        t.teardown(raw.close)
        // called first: a guest that has used its invite is closed
        const manifest = JSON.parse((await raw.answer(raw.call('manifest', 'sync', '[]'))).body)
        const got: Record<string, string> = {}
        for (const method of Object.keys(METHODS) as Method[]) {
          got[method] = await outcome(t, raw, method, {
            keys,
            relay: relay.id,
            alias: 'bob',
            target: host.id,
          })
        }
        t.same(got, cells)
        const shown = Object.keys(METHODS).filter((method) => {
          const [first = '', second] = method.split('.')
          return second ? manifest[first]?.[second] : manifest[first]
        })
        // whois can be called even if no alias is visible; a stranger with a code gets an error about the code
        const callable = Object.entries(cells).filter(([, code]) => code === 'ok' || code === 'not_found')
        t.same(shown.sort(), callable.map(([method]) => method).sort(), 'the manifest shows just that')
        if (cells['tunnel.connect'] === 'ok') t.equal(host.origins.at(-1), keys.id, 'as itself')
      })
    }
  })

  test(`who is listed, who may be dialled, and what the room says of itself: ${mode}`, async (t) => {
    const relay = await bootRelay(t)
    const callers = await makeRows(relay)
    await relay.operator.mode(mode)
    const member = await connectRoomClient(t, relay, { keys: callers.member as Keys })
    const attendants = watch<{ type: string; ids: string[] }>(member.rpc.room.attendants())
    const endpoints = watch<string[]>(member.rpc.tunnel.endpoints())
    await until('the first words', () => attendants.items.length > 0 && endpoints.items.length > 0)
    t.same(attendants.items, [{ type: 'state', ids: [member.id] }], 'alone')

    const internal = ['member', 'moderator', 'admin', ...(mode === 'open' ? ['stranger'] : [])]
    for (const row of ['guest', 'stranger', 'moderator', 'admin']) {
      if (TABLE[mode][row] === 'refused') continue
      await t.test(row, async (t) => {
        const client = await connectRoomClient(t, relay, { keys: callers[row] as Keys })
        await client.rpc.whoami()
        const inside = internal.includes(row)
        if (inside) await until('to be listed', () => endpoints.items.at(-1)?.includes(client.id))
        t.equal((await relay.status()).online, inside ? 2 : 1)
        if (row !== 'guest') {
          const { membership, features } = await client.rpc.room.metadata()
          t.equal(membership, inside)
          t.equal(features.includes('room1'), mode === 'open', 'Rooms 1 clients are welcome in open rooms')
          for (const always of ['tunnel', 'room2', 'httpAuth', 'httpInvite']) t.ok(features.includes(always))
          t.equal(features.includes('alias'), mode !== 'restricted')
          t.ok(await client.rpc.tunnel.isRoom())
        }
        if (inside) {
          const friend = await member.dial(client.id)
          t.same(await friend.rpc.whoami(), { id: client.id }, 'is reached')
        } else {
          await t.rejects(member.dial(client.id), 'is not reached')
          t.same(client.told, [], 'and hears nothing of it')
        }
        await client.close()
        if (inside) await until('to be listed no more', () => !endpoints.items.at(-1)?.includes(client.id))
      })
    }
    const listed = new Set(endpoints.items.flat())
    const wanted = internal.map((row) => callers[row]?.id)
    t.same([...listed].sort(), wanted.sort(), 'nobody else was ever listed')
  })

  test(`the local operator may do everything: ${mode}`, async (t) => {
    const relay = await bootRelay(t)
    const { operator } = relay
    t.equal(statSync(join(relay.dataDir, 'control.sock')).mode & 0o777, 0o600)
    await operator.mode(mode)
    const [one, two] = [ssbKeys.generate().id, ssbKeys.generate().id]
    t.match(await operator.status(), { mode })
    t.match(await operator.settings(), { mode })
    await operator.membersAdd(one)
    await operator.membersRole(one, 'moderator')
    t.match(await operator.membersList(), [{ id: one, role: 'moderator' }])
    await operator.membersRemove(one)
    await operator.block(two, 'spam')
    t.match(await operator.blockedList(), [{ id: two, reason: 'spam' }])
    await operator.unblock(two)
    const { id } = await operator.inviteCreate({ for: two })
    t.match(await operator.inviteList(), [{ id, for: two, state: 'live' }])
    await operator.inviteRevoke(id)
    t.same(await operator.knocksList(), [])
    await t.rejects(operator.knockAccept(two), { code: 'not_found' })
    await t.rejects(operator.knockDecline(two), { code: 'not_found' })
    t.match(await operator.setup({ name: 'Cove', description: '' }), { name: 'Cove' })
    t.match(await operator.doctor({}), { ok: true })
    await operator.reload()
  })
}

test('a refusal says the same words, whether a thing is private or absent', async (t) => {
  const relay = await bootRelay(t)
  const callers = await makeRows(relay)
  const host = await makeHost(t, relay)
  const stranger = await connectClient(at(relay))
  t.teardown(() => stranger.close())
  await stranger.rpc.whoami()

  /** The answer to a call, byte for byte, without the requested name. */
  async function answers(keys: Keys, calls: Array<[string, string, unknown[]]>): Promise<Set<string>> {
    const raw = await connectRaw({ ...at(relay), keys })
    t.teardown(raw.close)
    const said = new Set<string>()
    for (const [method, type, args] of calls) {
      const { flags, body } = await raw.answer(raw.call(method, type, JSON.stringify(args)))
      said.add(`${flags} ${body.replaceAll(method.replace('.', ','), '…').replaceAll(method, '…')}`)
    }
    return said
  }
  const nobody = ssbKeys.generate().id
  const whois = (alias: string): [string, string, unknown[]] => ['tunnel.whois', 'async', [alias]]
  const dial = (target: string): [string, string, unknown[]] => [
    'tunnel.connect',
    'duplex',
    [{ portal: relay.id, target }],
  ]

  await relay.operator.mode('community')
  const outsider = await connectClient(at(relay))
  t.teardown(() => outsider.close())
  const out = callers.stranger as Keys
  t.equal((await answers(out, [whois('bob'), whois('nobody'), whois('not an alias')])).size, 1, 'aliases')
  t.equal(
    (await answers(out, [dial(nobody), dial(outsider.id), dial(callers.blocked?.id as string)])).size,
    1,
  )
  const streams: Array<[string, string, unknown[]]> = [
    ['tunnel.endpoints', 'source', []],
    ['room.attendants', 'source', []],
    ['room.members', 'source', []],
    ['room.furniture', 'source', []],
    ['createHistoryStream', 'source', [{ id: host.id }]],
    ['createFutureStream', 'source', [{ id: host.id }]],
  ]
  t.equal((await answers(out, streams)).size, 1, 'methods with streams')
  const asyncs: Array<[string, string, unknown[]]> = [
    ['follow', 'async', [{ feed: nobody }]],
    ['room.createInvite', 'async', [{}]],
    ['room.listAliases', 'async', []],
    ['room.sing', 'async', []],
    ['dance', 'async', []],
  ]
  t.equal((await answers(out, asyncs)).size, 1, 'methods with one answer')

  await relay.operator.mode('restricted')
  const inside = callers.member as Keys
  t.equal((await answers(inside, [whois('bob'), whois('nobody')])).size, 1, 'aliases of a restricted room')
  t.equal((await answers(inside, asyncs)).size, 1, 'methods of the other modes')
  t.equal((await answers(callers.moderator as Keys, asyncs.slice(2))).size, 1)

  await t.test('the door of a restricted room', async (t) => {
    const seen = new Set<number>()
    for (const keys of [callers.stranger, callers.blocked, ssbKeys.generate()]) {
      const wire = await stretchWire(t, relay.ssbPort)
      await t.rejects(connectClient({ port: wire.port, relay: relay.id, keys: keys as Keys }))
      await until('the relay to hang up', () => wire.cut === 1)
      seen.add(wire.received)
    }
    t.same([...seen], [64], 'the challenge that any relay sends, and not a byte more')
  })
})
