// SPDX-License-Identifier: AGPL-3.0-or-later
// Times and people as pages show them.

import t from 'tap'
import { DAY, HOUR, MINUTE } from '../../src/lib/limits.js'
import { idOf, moment, person, relative, slugOf } from '../../src/web/format.js'

const NOW = Date.UTC(2026, 5, 15, 12)
const ANA = '@HEqy940T6uB+T+d9Jaa58aNfRzLx9eRWqkZljBmnkmk=.ed25519'

t.test('times relative to now', async (t) => {
  for (const [at, text] of [
    [0, 'this minute'],
    [-59_000, 'this minute'],
    [-5 * MINUTE, '5 minutes ago'],
    [-HOUR, '1 hour ago'],
    [-1.9 * DAY, 'yesterday'],
    [-29 * DAY, '29 days ago'],
    [-70 * DAY, '2 months ago'],
    [-800 * DAY, '2 years ago'],
    [3 * DAY, 'in 3 days'],
  ] as const)
    t.equal(relative(NOW + at, NOW, 'en'), text)
  t.equal(relative(NOW - 3 * DAY, NOW, 'de'), 'vor 3 Tagen')
  t.same(moment(NOW + 1), {
    iso: '2026-06-15T12:00:00Z',
    text: '2026-06-15 12:00',
    zoned: '2026-06-15 12:00 UTC',
  })
})

t.test('the key stands beside a name, and in place of one', async (t) => {
  t.match(person(ANA, 'Ana'), { id: ANA, name: 'Ana', key: '@HEqy940T…' })
  t.match(person(ANA, null), { name: '@HEqy940T…', key: null })
  t.equal(idOf(slugOf(ANA)), ANA)
  for (const wrong of ['', 'x', `${slugOf(ANA)}x`, 'B'.repeat(43)]) t.equal(idOf(wrong), null, wrong)
})
