// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard says whether all is well: in the overview to moderators, and on a page of its own.

import t from 'tap'
import { DAY } from '../../src/lib/limits.js'
import { createTestClock } from '../helpers/clock.js'
import { signedIn } from '../helpers/member.js'
import { bootRelay } from '../helpers/relay.js'

t.test('warnings are counted in the overview and shown on the page', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const [member, moderator] = [await signedIn(relay), await signedIn(relay, 'moderator')]
  const [said] = (await relay.status()).warnings
  t.match(said, 'the clock is not confirmed')
  t.match(
    (await moderator.get('/dashboard')).text,
    /<p class="notice"><a href="\/dashboard\/health">1 warning</,
  )
  t.notMatch((await member.get('/dashboard')).text, '/dashboard/health')
  const { text } = await moderator.get('/dashboard/health')
  t.match(text, '<li>The clock is not confirmed.')
  const { text: german } = await moderator.visitor.get('/dashboard/health', { 'Accept-Language': 'de' })
  t.match(german, 'Die Uhrzeit ist nicht bestätigt.')
  t.match((await relay.status()).warning_codes, [{ code: 'clock_unconfirmed', values: {}, reason: null }])
  t.match(text, /Last backup<\/dt><dd>never/)
  t.match(text, /Onion address<\/dt><dd><code>disabled<\/code>/)
})

t.test('without warnings all is well, until a backup is old', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock, network: async () => true })
  const moderator = await signedIn(relay, 'moderator')
  t.same((await relay.status()).warnings, [])
  t.match((await moderator.get('/dashboard')).text, '<a href="/dashboard/health">All is well.</a>')
  t.match((await moderator.get('/dashboard/health')).text, 'All is well.')
  await relay.operator.backup()
  while ('page' in (await relay.operator.backupNext()));
  t.match((await moderator.get('/dashboard/health')).text, /Last backup<\/dt><dd><time/)
  t.same((await relay.status()).warnings, [])
  // sign-ins end earlier than this
  clock.advance(15 * DAY)
  t.match((await relay.status()).warnings, [/the last backup is 15 days old/])
})
