// The lobby as real homeservers meet it: joins, messages, knocks, invites, bans, and what they must not learn.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Clock, systemClock } from '../../src/lib/clock.js'
import { HOUR } from '../../src/lib/limits.js'
import { copyStore } from '../helpers/backups.js'
import { readsText, startHomeservers } from '../helpers/homeservers.js'
import { bootLobby, type LobbyRelay } from '../helpers/lobby.js'
import { shortDir } from '../helpers/relay.js'
import { withoutSynapse } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

const skip = withoutSynapse()

const texts = async (relay: LobbyRelay): Promise<string[]> =>
  (await relay.operator.matrixMessages()).map(({ text }) => text)

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

t.test('the lobby, from two homeservers', { skip, timeout: 400_000 }, async (t) => {
  const { authority, one, two, someone } = await startHomeservers(t)
  const refused = async (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'not refused',
      (err: Error) => err.message,
    )

  for (const version of ['12', '11', '10']) {
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
        await until(`the relay reads ${text}`, async () => (await texts(relay)).includes(text), 20_000)
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

  await t.test('a community: knock, yes, invite, join', async (t) => {
    const relay = await bootLobby(t, authority)
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

  await t.test('restricted: absent to all but those who are invited, and an invite ends', async (t) => {
    const clock = createSkewedClock()
    const relay = await bootLobby(t, authority, { clock })
    await relay.operator.mode('restricted')
    const [ana, bob] = [await someone(one), await someone(two)]
    const other = relay.alias.replace('lobby', 'nothing')
    const words = async (alias: string) => (await refused(ana.join(alias))).replaceAll(alias, '')
    t.equal(await words(relay.alias), await words(other), 'private and absent are one')
    t.match(await words(relay.alias), /404/)
    await relay.operator.matrixInvite(ana.id)
    await until('the invite', async () => (await ana.invites()).includes(relay.room))
    const unknown = `!${'A'.repeat(43)}`
    const wordsOf = async (room: string) => (await refused(bob.join(room, relay.server))).replaceAll(room, '')
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
  })

  await t.test('a welcome, help, and an invite in a direct room', async (t) => {
    const relay = await bootLobby(t, authority)
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

  await t.test('killed and back, a homeserver down and back, restored from a backup', async (t) => {
    const relay = await bootLobby(t, authority)
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
    const restored = await bootLobby(t, authority, { dataDir, port: relay.port })
    t.equal(restored.room, room)
    await ana.say(room, 'do you hear me?')
    await until('it hears', async () => (await texts(restored)).includes('do you hear me?'), 20_000)
    await until(
      'and has what it had lost',
      async () => (await texts(restored)).includes('lost with the disk'),
      20_000,
    )
    await restored.operator.matrixSay('I do')
    await readsText(ana, room, 'I do')
  })
})
