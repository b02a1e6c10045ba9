// SPDX-License-Identifier: AGPL-3.0-or-later
// A lobby that restarts or is restored from a backup, and homeservers that were down meanwhile.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { copyStore } from '../helpers/backups.js'
import { readsText, startHomeservers } from '../helpers/homeservers.js'
import { bootLobby, lobbyTexts } from '../helpers/lobby.js'
import { shortDir } from '../helpers/relay.js'
import { withoutSynapse } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

const skip = withoutSynapse()

t.test('a lobby that comes back', { skip, timeout: 400_000 }, async (t) => {
  const { authority, one, two, someone } = await startHomeservers(t)

  for (const version of ['12', '11']) {
    await t.test(
      `restarted, a homeserver down and back, restored from a backup: version ${version}`,
      async (t) => {
        const relay = await bootLobby(t, authority, { sets: [`matrix.room_version=${version}`] })
        const [ana, bob] = [await someone(one), await someone(two)]
        const room = await ana.join(relay.alias)
        await bob.join(relay.alias)
        await two.stop()
        await relay.operator.matrixSay('while two is down')
        await readsText(ana, room, 'while two is down')
        t.ok((await relay.status()).matrix.queued > 0)
        await relay.restart()
        await two.start()
        await bob.say(room, 'two is back')
        await readsText(bob, room, 'while two is down')
        await readsText(ana, room, 'two is back')
        t.equal((await relay.status()).matrix.room_id, room)
        t.equal((await relay.status()).matrix.joined, 3)
        await relay.operator.matrixSay('after the restart')
        await readsText(ana, room, 'after the restart')

        const dataDir = await shortDir(t)
        await copyStore(relay.operator, dataDir)
        const keys = ['secret', 'matrix.key'].map(
          (name) => [name, readFileSync(join(relay.dataDir, name))] as const,
        )
        await relay.operator.matrixSay('lost with the disk')
        await readsText(ana, room, 'lost with the disk')
        await relay.relay.close()
        for (const [name, text] of keys) writeFileSync(join(dataDir, name), text, { mode: 0o600 })
        rmSync(relay.dataDir, { recursive: true, force: true })
        const restored = await bootLobby(t, authority, {
          dataDir,
          port: relay.port,
          sets: [`matrix.room_version=${version}`],
        })
        t.equal(restored.room, room)
        await ana.say(room, 'do you hear me?')
        await until('it hears', async () => (await lobbyTexts(restored)).includes('do you hear me?'), 20_000)
        await until(
          'and has what it had lost',
          async () => (await lobbyTexts(restored)).includes('lost with the disk'),
          20_000,
        )
        await restored.operator.matrixSay('I do')
        await readsText(ana, room, 'I do')
      },
    )
  }
})
