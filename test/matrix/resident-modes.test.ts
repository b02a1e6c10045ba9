// SPDX-License-Identifier: AGPL-3.0-or-later
// The lobby by privacy mode, from real homeservers: knocks, invites, and what they must not learn.

import t from 'tap'
import { type Clock, systemClock } from '../../src/lib/clock.js'
import { HOUR } from '../../src/lib/limits.js'
import { refused, startHomeservers } from '../helpers/homeservers.js'
import { bootLobby } from '../helpers/lobby.js'
import { withoutSynapse } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

const skip = withoutSynapse()

/** The system's clock, which a test may set ahead, and whose hourly work it may call for. */
function createSkewedClock(): Clock & { skew: number; hour(): void } {
  const hourly: Array<() => void> = []
  const clock = {
    ...systemClock,
    skew: 0,
    now: () => Date.now() + clock.skew,
    every(ms: number, run: () => void) {
      if (ms === HOUR) hourly.push(run)
      return systemClock.every(ms, run)
    },
    hour: () => {
      for (const run of hourly) run()
    },
  }
  return clock
}

t.test('the lobby by mode, from two homeservers', { skip, timeout: 400_000 }, async (t) => {
  const { authority, one, two, someone } = await startHomeservers(t)

  for (const version of ['12', '11']) {
    await t.test(`a community: knock, yes, invite, join: version ${version}`, async (t) => {
      const relay = await bootLobby(t, authority, { sets: [`matrix.room_version=${version}`] })
      await relay.operator.mode('community')
      const [ana, bob] = [await someone(one), await someone(two)]
      t.match(await refused(ana.join(relay.alias)), /403/)
      const knocked = await ana.call('POST', `/knock/${encodeURIComponent(relay.alias)}`, { reason: 'hello' })
      t.equal(knocked.status, 200)
      const [knock] = await until('the knock', async () => {
        const knocks = await relay.operator.knocksList()
        return knocks.length > 0 ? knocks : null
      })
      t.match(knock, { id: ana.id, note: 'hello' })
      await relay.operator.knockAccept(ana.id)
      await until('the invite', async () => (await ana.invites()).includes(relay.room), 20_000)
      t.equal(await ana.join(relay.room, relay.server), relay.room)
      t.same(await relay.operator.knocksList(), [])

      await bob.call('POST', `/knock/${encodeURIComponent(relay.alias)}`, {})
      await until('the second knock', async () => (await relay.operator.knocksList()).length > 0)
      await relay.operator.matrixDecline(bob.id)
      t.same(await relay.operator.knocksList(), [])
      t.match(await refused(bob.join(relay.alias)), /403/)
      const entries = await relay.operator.audit()
      t.same(
        entries.slice(0, 2).map(({ what, whom }) => [what, whom]),
        [
          ['knock.decline', bob.id],
          ['knock.accept', ana.id],
        ],
      )
    })

    await t.test(
      `restricted: absent to all but those who are invited, and an invite ends: version ${version}`,
      async (t) => {
        const clock = createSkewedClock()
        const relay = await bootLobby(t, authority, { clock, sets: [`matrix.room_version=${version}`] })
        await relay.operator.mode('restricted')
        const [ana, bob] = [await someone(one), await someone(two)]
        const other = relay.alias.replace('lobby', 'nothing')
        const words = async (alias: string) => (await refused(ana.join(alias))).replaceAll(alias, '')
        t.equal(await words(relay.alias), await words(other), 'private and absent are one')
        t.match(await words(relay.alias), /404/)
        await relay.operator.matrixInvite(ana.id)
        await until('the invite', async () => (await ana.invites()).includes(relay.room))
        const unknown = version === '12' ? `!${'A'.repeat(43)}` : `!nothing:${relay.server}`
        const wordsOf = async (room: string) =>
          (await refused(bob.join(room, relay.server))).replaceAll(room, '')
        t.equal(await wordsOf(relay.room), await wordsOf(unknown))
        t.not(await wordsOf(relay.room), 'not refused')

        // refused by its user
        await ana.call('POST', `/rooms/${encodeURIComponent(relay.room)}/leave`, {})
        await until('it is given back', async () =>
          (await relay.operator.matrixMembers()).every(({ id }) => id !== ana.id),
        )
        await relay.operator.matrixInvite(ana.id)
        await until('the invite', async () => (await ana.invites()).includes(relay.room))
        await relay.operator.matrixInvite(bob.id)
        t.equal(await bob.join(relay.room, relay.server), relay.room)

        // a week and a bit
        clock.skew = 8 * 24 * HOUR
        clock.hour()
        await until('it is withdrawn', async () =>
          (await relay.operator.matrixMembers()).every(({ id }) => id !== ana.id),
        )
        t.not(await refused(ana.join(relay.room, relay.server)), 'not refused')
        await until(
          'two sees it withdrawn',
          async () => (await bob.membership(relay.room, ana.id)) === 'leave',
          20_000,
        )
      },
    )
  }
})
