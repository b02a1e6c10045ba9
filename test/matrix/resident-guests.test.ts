// SPDX-License-Identifier: AGPL-3.0-or-later
// From the lobby into the SSB room, by way of real homeservers: a welcome, help, an invite in a direct room.

import t from 'tap'
import { startHomeservers } from '../helpers/homeservers.js'
import { bootLobby } from '../helpers/lobby.js'
import { withoutSynapse } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

const skip = withoutSynapse()

t.test('guests of two homeservers', { skip, timeout: 400_000 }, async (t) => {
  const { authority, one, someone } = await startHomeservers(t)

  for (const version of ['12', '11']) {
    await t.test(`a welcome, help, and an invite in a direct room: version ${version}`, async (t) => {
      const relay = await bootLobby(t, authority, { sets: [`matrix.room_version=${version}`] })
      const ana = await someone(one)
      const room = await ana.join(relay.alias)
      await until(
        'a welcome',
        async () => (await ana.texts(room)).some((text) => text.includes(`Welcome, ${ana.id}`)),
        20_000,
      )
      await ana.say(room, '!help')
      await until(
        'help',
        async () => (await ana.texts(room)).some((text) => text.includes('!invite –')),
        20_000,
      )
      await ana.say(room, '!invite')
      const [direct = ''] = await until(
        'a direct room',
        async () => {
          const invites = await ana.invites()
          return invites.length > 0 ? invites : null
        },
        20_000,
      )
      t.same((await relay.operator.inviteList()).length, 0, 'nothing is made before it can be handed over')
      await ana.join(direct, relay.server)
      const link = await until(
        'a link',
        async () => (await ana.texts(direct)).find((text) => text.includes('/join?invite=')),
        20_000,
      )
      t.match(link, /https?:\/\//)
      t.notOk(
        (await ana.texts(room)).some((text) => text.includes('/join?invite=')),
        'never in the lobby',
      )
      t.match(await relay.operator.inviteList(), [{ uses: 1, state: 'live', note: `Matrix: ${ana.id}` }])

      // in a community the same is a question to its members
      await relay.operator.mode('community')
      await ana.say(room, '!invite')
      await until(
        'the question',
        async () => (await relay.operator.knocksList()).some(({ id }) => id === ana.id),
        20_000,
      )
      await relay.operator.knockAccept(ana.id)
      await until(
        'two links',
        async () => (await ana.texts(direct)).filter((text) => text.includes('/join?invite=')).length === 2,
        20_000,
      )
    })
  }
})
