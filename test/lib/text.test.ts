// SPDX-License-Identifier: AGPL-3.0-or-later
// Text from people: complete in every script, and harmless wherever it is shown.

import t from 'tap'
import { cleanName, cleanText, count } from '../../src/lib/text.js'

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

t.test('a name takes one line, and shows all that it has', async (t) => {
  for (const [text, clean] of [
    ['  Ana\n\tMaría ', 'Ana María'],
    ['@ana', 'ana'],
    ['\u202eanA\u202c', 'anA'],
    ['A\u200bn\u00ada\u2060', 'Ana'],
    ['A\u200cn\u200da\ufe0f', 'Ana'],
    ['\u{e0041}\u{e0042}Ana', 'Ana'],
    ['\u3164\u115f\u2800\u200b', ''],
    ['\u0301\u0302 Ana', 'Ana'],
    [`Z${'\u0335'.repeat(200)}o`, `Z${'\u0335'.repeat(4)}o`],
    ['A\u030a', 'Å'],
    ['\ud800Ana\udc00', 'Ana'],
    ['a\u001b[31mb', 'a[31mb'],
    ['', ''],
  ] as const)
    t.equal(cleanName(text, 64), clean, JSON.stringify(text))
})

t.test('names of all scripts stay as they are', async (t) => {
  for (const name of ['Grüße Ü', 'שלום', 'می‌خواهم', '日本', 'ක්‍රි', '👩‍👩‍👧', '❤️ Zoë', 'O’Brien <b>&"'])
    t.equal(cleanName(name, 64), name.normalize('NFC'))
})

t.test('a long name is cut in bounded time', async (t) => {
  t.equal(cleanName('x'.repeat(1_000_000), 64), 'x'.repeat(64))
  t.equal(cleanName(`${'x'.repeat(63)}🐟`, 64), 'x'.repeat(63), 'no half character')
  t.equal(cleanName(`${'x'.repeat(63)} y`, 64), 'x'.repeat(63), 'no space at the end')
})

t.test('numbers with their nouns', async (t) => {
  t.equal(count(1, 'person', 'people'), '1 person')
  t.equal(count(2, 'feed'), '2 feeds')
})
