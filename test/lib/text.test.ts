// SPDX-License-Identifier: AGPL-3.0-or-later
// Text from people: complete in every script, and harmless wherever it is shown.

import t from 'tap'
import { cleanText, count } from '../../src/lib/text.js'

t.test('control characters become a space', async (t) => {
  for (const [text, clean] of [
    ['\u001b[31mred\u0007', '[31mred'],
    ['a\u0000b\tc\u009bd', 'a b c d'],
    ['\u202egnp.exe', 'gnp.exe'],
    ['a\u2066b\u2069c\u2028d\u2029e', 'a b c d e'],
    [' a\r\nb\rc\nd ', 'a\nb\nc\nd'],
  ] as const)
    t.equal(cleanText(text), clean)
  for (const text of ['Grüße 👩‍👩‍👧 mit Ü', 'שלום', 'مرحبا‌', '日本', '<b>&']) t.equal(cleanText(text), text)
})

t.test('numbers with their nouns', async (t) => {
  t.equal(count(1, 'person', 'people'), '1 person')
  t.equal(count(2, 'feed'), '2 feeds')
})
