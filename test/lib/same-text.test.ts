// SPDX-License-Identifier: AGPL-3.0-or-later
// The comparison of secrets and answers.

import t from 'tap'
import { isSameText } from '../../src/lib/same-text.js'

t.test('equal texts only, of any length', async (t) => {
  for (const text of ['', 'a', 'naïve', 'x'.repeat(100_000)]) t.ok(isSameText(text, text))
  for (const [a, b] of [
    ['', 'a'],
    ['a', 'A'],
    ['a', 'a '],
    ['ab', 'a'],
    ['e\u0301', '\u00e9'],
  ] as const)
    t.notOk(isSameText(a, b))
})
