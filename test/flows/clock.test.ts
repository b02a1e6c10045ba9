// A board without a battery wakes up in 1970, and the network sets its clock later: nothing is lost, made wrong or out of order.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { DAY } from '../../src/lib/limits.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { connectClient } from '../helpers/client.js'
import { createTestClock } from '../helpers/clock.js'
import { bootRelay } from '../helpers/relay.js'
import { openTestStore } from '../helpers/store.js'

const TODAY = Date.UTC(2026, 5, 1)

test('a relay that wakes up in 1970', async (t) => {
  const clock = createTestClock(TODAY)
  const relay = await bootRelay(t, { clock })
  const { code } = await relay.operator.inviteCreate({ expires_days: 7 })
  const gone = await relay.operator.inviteCreate({ expires_days: 1 })

  clock.jump(-TODAY + 20_000)
  await relay.restart()
  t.match(relay.lines.join(''), /the clock is not set/)
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
