// SPDX-License-Identifier: AGPL-3.0-or-later
// A relay that is killed comes back with its lobby whole, for real homeservers.

import t from 'tap'
import type { Operator } from '../../src/operator/protocol.js'
import { buildRelay, startChild } from '../helpers/child.js'
import { readsText, startHomeservers } from '../helpers/homeservers.js'
import { lobbySets } from '../helpers/lobby.js'
import { freePort } from '../helpers/ports.js'
import { shortDir } from '../helpers/relay.js'
import { withoutSynapse } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

const skip = withoutSynapse()

/** Says something in the lobby; answers the text. */
async function said(operator: Operator, text: string): Promise<string> {
  await operator.matrixSay(text)
  return text
}

t.test('a lobby whose relay is killed', { skip, timeout: 400_000 }, async (t) => {
  const { authority, one, two, someone } = await startHomeservers(t)
  const cli = await buildRelay(t)
  for (const version of ['12', '11']) {
    await t.test(`killed and back with its room whole: version ${version}`, async (t) => {
      const dataDir = await shortDir(t)
      const port = await freePort()
      const sets = [...(await lobbySets(t, authority, port)), `matrix.room_version=${version}`]
      const killed = await startChild(t, cli, dataDir, { sets })
      await killed.operator.setup({ name: 'Tidepool', description: '' })
      const { alias, room_id: roomId } = await killed.operator.matrixStatus()
      const [ana, bob] = [await someone(one), await someone(two)]
      const room = await ana.join(alias ?? '')
      await bob.join(alias ?? '')
      await readsText(bob, room, await said(killed.operator, 'before'))
      await two.stop()
      await readsText(ana, room, await said(killed.operator, 'while two is down'))
      await killed.kill()
      await ana.say(room, 'while the relay is dead')

      const { operator } = await startChild(t, cli, dataDir, { sets })
      await two.start()
      t.match(await operator.matrixStatus(), { room_id: roomId, alias, joined: 3, servers: 3 })
      await readsText(bob, room, await said(operator, 'after'))
      for (const text of ['before', 'while two is down', 'after'])
        t.ok(
          (await operator.matrixMessages()).some((each) => each.text === text),
          text,
        )
      await readsText(bob, room, 'while two is down')
      await bob.say(room, 'whole')
      await until(
        'it reads both',
        async () => {
          const read = (await operator.matrixMessages()).map(({ text }) => text)
          return read.includes('whole') && read.includes('while the relay is dead')
        },
        30_000,
      )
    })
  }
})
