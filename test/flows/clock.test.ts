// SPDX-License-Identifier: AGPL-3.0-or-later
// A board without a battery wakes up in 1970, and the network sets its clock later: nothing is lost, made wrong or out of order.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { DAY, HOUR, MINUTE } from '../../src/lib/limits.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { connectClient } from '../helpers/client.js'
import { createTestClock } from '../helpers/clock.js'
import { bootRelay, until } from '../helpers/relay.js'
import { openTestStore } from '../helpers/store.js'

const TODAY = Date.UTC(2026, 5, 1)

test('a relay that wakes up in 1970', async (t) => {
  const clock = createTestClock(TODAY)
  const relay = await bootRelay(t, { clock })
  const { code } = await relay.operator.inviteCreate({ expires_days: 7 })
  const gone = await relay.operator.inviteCreate({ expires_days: 1 })

  clock.jump(-TODAY + 20_000)
  await relay.restart()
  t.match(relay.lines.join(''), /"clock not set"/)
  t.match(await relay.operator.doctor({}), { ok: false })
  await t.rejects(relay.operator.inviteCreate({}), { code: 'clock_unset' })
  t.match(await fetch(relay.webUrl), { status: 200 }, 'it serves all the same')
  t.equal((await relay.operator.inviteList()).length, 2, 'nothing was swept away')
  const { seed } = parseInviteCode(code)
  const guest = await connectClient({
    port: relay.ssbPort,
    relay: relay.id,
    keys: ssbKeys.generate('ed25519', seed),
  })
  const joined = await guest.rpc.invite.use({ feed: ssbKeys.generate().id })
  t.match(joined.value.content, { type: 'contact', following: true })
  t.ok(joined.value.timestamp > Date.UTC(2024, 0, 1), 'what it signs is not of 1970')
  await guest.close()

  clock.jump(TODAY - 20_000 + 2 * DAY)
  t.match(await relay.status(), { uptime_s: 0 }, 'the jump is no time that it ran')
  t.match(await relay.operator.inviteCreate({}), { state: 'live' })
  const states = new Map((await relay.operator.inviteList()).map(({ id, state }) => [id, state]))
  t.equal(states.get(gone.id), 'expired', 'what had an end has it')
})

test('our own messages are in order of time whatever the clock does', async (t) => {
  const opened = await openTestStore(t)
  const { clock, keys } = opened
  const follow = () =>
    opened.store.members.follow(ssbKeys.generate().id, { by: 'operator', voucher: null, note: '' })
  await follow()
  await follow()
  clock.jump(-clock.now())
  await follow()
  await opened.reopen()
  await follow()
  clock.jump(TODAY)
  await follow()
  const times = opened.store.feeds
    .read(keys.id, 1, 10)
    .map(({ bytes }) => JSON.parse(bytes.toString()).value.timestamp as number)
  t.equal(times.length, 5)
  for (let i = 1; i < times.length; i++) t.ok((times[i] as number) > (times[i - 1] as number), `${times}`)
  t.equal(times.at(-1), clock.now(), 'and of the true time when that is later')
})

test('a clock that runs ahead for a while at the start deletes nothing', async (t) => {
  const clock = createTestClock(TODAY)
  let synchronized = false
  const relay = await bootRelay(t, { clock, network: async () => synchronized })
  const { operator } = relay
  const { id, code } = await operator.inviteCreate({ expires_days: 300 })
  const member = ssbKeys.generate().id
  await operator.membersAdd(member)
  const link = await operator.membersLink(member)
  clock.jump(3000 * DAY)
  await relay.restart()
  t.match(await relay.status(), { time: 'unconfirmed' })
  clock.advance(6000)
  clock.jump(-3000 * DAY)
  clock.advance(HOUR / 2)
  await relay.status()
  synchronized = true
  clock.advance(MINUTE)
  await until('the network to be heard', async () => (await relay.status()).time === 'network')
  const kept = await relay.operator.inviteList()
  t.match(kept, [{ id, state: 'live' }], 'the invite is there and good')
  const page = await fetch(`${relay.webUrl}${new URL(link.url).pathname}${new URL(link.url).search}`)
  t.equal(page.status, 200, 'so is the login link')
  t.match(parseInviteCode(code), { relay: relay.id })
  clock.advance(400 * DAY)
  await until('it to be forgotten in its time', async () => (await relay.operator.inviteList()).length === 0)
})

test('an invite made by a clock that is days behind lasts as long as it was meant to', async (t) => {
  for (const trusted of ['before its use', 'after it']) {
    const clock = createTestClock(TODAY)
    let synchronized = false
    const relay = await bootRelay(t, { clock, network: async () => synchronized })
    const { operator } = relay
    const { id } = await operator.inviteCreate({ expires_days: 1 })
    clock.advance(HOUR)
    // what fake-hwclock restores is what was when the power went
    clock.jump(9 * DAY)
    const state = async (): Promise<string | undefined> => (await operator.inviteList())[0]?.state
    t.equal(await state(), 'live', 'by uptime')
    if (trusted === 'before its use') {
      synchronized = true
      clock.advance(MINUTE)
      await until('the network to be heard', async () => (await relay.status()).time === 'network')
      await until('its end to be corrected', async () => {
        const [invite] = await operator.inviteList()
        return invite && invite.expires > clock.now() + 20 * HOUR
      })
      t.equal(await state(), 'live', 'by the clock')
    }
    clock.advance(24 * HOUR)
    t.equal(await state(), 'expired', 'and no longer')
    t.match((await operator.inviteList())[0], { id })
    await relay.close()
  }
})
