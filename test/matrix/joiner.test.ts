// SPDX-License-Identifier: AGPL-3.0-or-later
// The relay in rooms of real homeservers: joining by alias, messages, conflicting state.

import t from 'tap'
import { readsText, startHomeservers } from '../helpers/homeservers.js'
import { bootLobby } from '../helpers/lobby.js'
import { withoutSynapse } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

const skip = withoutSynapse()
const part = encodeURIComponent

t.test('rooms of two homeservers', { skip, timeout: 400_000 }, async (t) => {
  const { authority, one, two, someone, createRoom } = await startHomeservers(t)

  for (const version of ['12', '11']) {
    await t.test(`join, messages, conflicting state, leave: version ${version}`, async (t) => {
      const relay = await bootLobby(t, authority)
      const [ana, bob] = [await someone(one), await someone(two)]
      const room = await createRoom(ana, version)
      await bob.join(room.alias)
      await ana.call('PUT', `/rooms/${part(room.id)}/state/m.room.power_levels`, {
        users: { ...(version === '12' ? {} : { [ana.id]: 100 }), [bob.id]: 50 },
      })
      await until(
        'bob has power',
        async () => {
          const { body } = await bob.call('GET', `/rooms/${part(room.id)}/state/m.room.power_levels`)
          return body.users?.[bob.id] === 50
        },
        20_000,
      )
      await ana.say(room.id, 'before')
      t.same(await relay.operator.matrixJoin(room.alias), { id: room.id })
      const user = `@relay:${relay.server}`
      await until('ana sees the join', async () => (await ana.membership(room.id, user)) === 'join', 20_000)
      await until('bob sees the join', async () => (await bob.membership(room.id, user)) === 'join', 20_000)

      const said = Array.from({ length: 8 }, (_, i) => [`one ${i}`, `two ${i}`, `relay ${i}`]).flat()
      await Promise.all(
        said.map((text) => {
          if (text.startsWith('relay')) return relay.operator.matrixSay(text, { room: room.id })
          return (text.startsWith('one') ? ana : bob).say(room.id, text)
        }),
      )
      for (const text of said) {
        await readsText(ana, room.id, text)
        await readsText(bob, room.id, text)
        await until(
          `the relay reads ${text}`,
          async () => {
            const messages = await relay.operator.matrixMessages({ room: room.alias })
            return messages.some((each) => each.text === text)
          },
          20_000,
        )
      }

      // both name the room at the same time, again and again: all three must come to the same name
      for (let i = 0; i < 5; i++) {
        await Promise.all(
          [ana, bob].map((by) =>
            by.call('PUT', `/rooms/${part(room.id)}/state/m.room.name`, { name: `${by.id} ${i}` }),
          ),
        )
      }
      await ana.say(room.id, 'named')
      await bob.say(room.id, 'named as well')
      await readsText(ana, room.id, 'named as well')
      await readsText(bob, room.id, 'named')
      await until(
        'one name',
        async () => {
          const names = await Promise.all(
            [ana, bob].map(
              async (by) => (await by.call('GET', `/rooms/${part(room.id)}/state/m.room.name`)).body.name,
            ),
          )
          const [own] = (await relay.operator.matrixRooms()).filter(({ id }) => id === room.id)
          return names[0] === names[1] && own?.name === names[0]
        },
        30_000,
      )

      // demoted and banned there: the relay's events have no effect any more
      await relay.operator.matrixLeave(room.id)
      await until('ana sees us leave', async () => (await ana.membership(room.id, user)) === 'leave', 20_000)
      t.notOk((await relay.operator.matrixRooms()).some(({ id }) => id === room.id))
      await ana.call('POST', `/rooms/${part(room.id)}/ban`, { user_id: user })
      await until('two knows of the ban', async () => (await bob.membership(room.id, user)) === 'ban', 20_000)
      await t.rejects(relay.operator.matrixJoin(room.alias), { code: 'matrix_refused' })
    })
  }
})
