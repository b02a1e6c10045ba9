// SPDX-License-Identifier: AGPL-3.0-or-later
// The relay and rooms of real homeservers: invites, and candidates that are gone.

import t from 'tap'
import { readsText, startHomeservers } from '../helpers/homeservers.js'
import { bootLobby } from '../helpers/lobby.js'
import { withoutSynapse } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

const skip = withoutSynapse()
const part = encodeURIComponent

t.test('invites and candidates of two homeservers', { skip, timeout: 400_000 }, async (t) => {
  const { authority, one, two, someone, createRoom } = await startHomeservers(t)

  for (const version of ['12', '11']) {
    await t.test(`an invite waits for a yes, or is refused: version ${version}`, async (t) => {
      const relay = await bootLobby(t, authority)
      const user = `@relay:${relay.server}`
      const ana = await someone(one)
      const room = await createRoom(ana, version, { preset: 'private_chat' })
      await t.rejects(relay.operator.matrixJoin(room.alias), { code: 'matrix_refused' })
      const invite = async () => {
        const { status } = await ana.call('POST', `/rooms/${part(room.id)}/invite`, { user_id: user })
        t.equal(status, 200)
      }
      await invite()
      t.match(await relay.operator.matrixRooms(), [
        { kind: 'lobby' },
        { id: room.id, kind: 'invited', from: ana.id },
      ])
      t.equal(await ana.membership(room.id, user), 'invite', 'nothing happens by itself')
      await relay.operator.matrixLeave(room.id)
      await until('it is refused', async () => (await ana.membership(room.id, user)) === 'leave', 20_000)
      await invite()
      t.same(await relay.operator.matrixJoin(room.id), { id: room.id })
      await until('it is accepted', async () => (await ana.membership(room.id, user)) === 'join', 20_000)
      await relay.restart()
      await ana.say(room.id, 'after a restart')
      await until(
        'it reads on',
        async () => (await relay.operator.matrixMessages({ room: room.id })).length === 1,
        20_000,
      )
      const { status } = await ana.call('POST', `/rooms/${part(room.id)}/invite`, {
        user_id: `@ssb_nobody:${relay.server}`,
      })
      t.not(status, 200, 'nobody else can be invited')
    })

    await t.test(`a candidate that is down: the next one is taken: version ${version}`, async (t) => {
      const relay = await bootLobby(t, authority)
      const [ana, bob] = [await someone(one), await someone(two)]
      const room = await createRoom(ana, version)
      await bob.join(room.alias)
      // the alias of another server for the same room, which lists both
      const alias = `#other${version}:${two.name}`
      await bob.call('PUT', `/directory/room/${part(alias)}`, { room_id: room.id })
      // the list waits until two has fetched the whole state: before that it lets nobody else in (MSC3706)
      t.equal((await bob.call('GET', `/rooms/${part(room.id)}/members`)).status, 200)
      await one.stop()
      t.same(await relay.operator.matrixJoin(alias), { id: room.id })
      await until(
        'bob sees us',
        async () => (await bob.membership(room.id, `@relay:${relay.server}`)) === 'join',
        20_000,
      )
      await relay.operator.matrixSay('one is down', { room: room.id })
      await readsText(bob, room.id, 'one is down')
      await one.start()
      await bob.say(room.id, 'one is up')
      await readsText(ana, room.id, 'one is up')
    })
  }
})
