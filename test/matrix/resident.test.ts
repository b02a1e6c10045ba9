// SPDX-License-Identifier: AGPL-3.0-or-later
// The lobby as real homeservers meet it: joins, messages, bans, leaving.

import t from 'tap'
import { readsText, refused, startHomeservers } from '../helpers/homeservers.js'
import { bootLobby, lobbyTexts } from '../helpers/lobby.js'
import { withoutSynapse } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

const skip = withoutSynapse()

t.test('the lobby, from two homeservers', { skip, timeout: 400_000 }, async (t) => {
  const { authority, one, two, someone } = await startHomeservers(t)

  for (const version of ['12', '11']) {
    await t.test(`joined by alias, messages all ways: version ${version}`, async (t) => {
      const relay = await bootLobby(t, authority, { sets: [`matrix.room_version=${version}`] })
      const [ana, bob] = [await someone(one), await someone(two)]
      const room = await ana.join(relay.alias)
      t.equal(room, relay.room)
      t.equal(await bob.join(relay.alias), relay.room)
      const { matrix } = await relay.status()
      t.match(matrix, { state: 'ready', joined: 3, servers: 3, room_version: version, alias: relay.alias })

      // 24 messages at the same time, from three servers
      const said = Array.from({ length: 8 }, (_, i) => [`one ${i}`, `two ${i}`, `relay ${i}`]).flat()
      await Promise.all(
        said.map((text) => {
          if (text.startsWith('relay')) return relay.operator.matrixSay(text)
          return (text.startsWith('one') ? ana : bob).say(room, text)
        }),
      )
      for (const text of said) {
        await readsText(ana, room, text)
        await readsText(bob, room, text)
        await until(`the relay reads ${text}`, async () => (await lobbyTexts(relay)).includes(text), 20_000)
      }

      const members = await relay.operator.matrixMembers()
      t.same(
        members
          .filter(({ membership }) => membership === 'join')
          .map(({ id }) => id)
          .sort(),
        [ana.id, bob.id, `@relay:${relay.server}`].sort(),
      )

      // a ban reaches the other server, and there is no way back
      await relay.operator.matrixBan(bob.id)
      await until('the ban arrives', async () => (await ana.membership(room, bob.id)) === 'ban', 20_000)
      t.match(await refused(bob.join(relay.alias)), /403/)
      await relay.operator.matrixUnban(bob.id)
      t.equal(await bob.join(relay.alias), room)
      await until('one sees it', async () => (await ana.membership(room, bob.id)) === 'join', 20_000)

      // leaving, and being sent away
      await bob.call('POST', `/rooms/${encodeURIComponent(room)}/leave`, {})
      await until('the relay sees it', async () => (await relay.status()).matrix.joined === 2, 20_000)
      await relay.operator.matrixKick(ana.id)
      t.equal((await relay.status()).matrix.joined, 1)
    })
  }
})
