// SPDX-License-Identifier: AGPL-3.0-or-later
// Output of commands: tables, times, sizes, text by others.

import t from 'tap'
import {
  facts,
  idCell,
  moment,
  print,
  printJson,
  size,
  span,
  table,
  timeCell,
} from '../../src/commands/output.js'
import { displayWidth, oneLine, withoutControls, wrap } from '../../src/commands/text-layout.js'

t.test('tables are aligned, numbers to the right', async (t) => {
  t.equal(
    table(
      ['NAME', 'N'],
      [
        ['a', 5],
        ['longer', 1000],
      ],
    ),
    ['NAME       N', 'a          5', 'longer  1000'].join('\n'),
  )
  t.equal(table(['A', 'B'], []), 'A  B')
  t.equal(table(['A', 'B'], [['x', '']]), 'A  B\nx')
})

const ID = `@${'A'.repeat(43)}=.ed25519`

t.test('tables fit the width: short forms, then fewer columns, then wrapped text', async (t) => {
  const now = Date.UTC(2025, 0, 2)
  const rows = [
    [idCell(ID), timeCell(now - 90_000, now), 12, idCell(ID), 'one two three four five six seven'],
  ]
  const headings = ['ID', 'SINCE', 'N', { title: 'BY', optional: true }, 'NOTE'] as const
  const lines = (width: number): string[] => table(headings, rows, width).split('\n')
  const whole = lines(Number.POSITIVE_INFINITY)
  t.equal(whole[1], `${ID}  1 min ago (2025-01-01T23:58:30Z)  12  ${ID}  one two three four five six seven`)
  for (const width of [30, 40, 60, 80, 100, 120, 160])
    for (const line of lines(width)) t.ok(displayWidth(line) <= width, `${width}: ${line}`)
  t.ok(lines(110)[1]?.includes(ID), 'an id stays whole while there is room')
  t.match(lines(60), [
    /^ID +SINCE +N +BY +NOTE$/,
    /^@AAAAAAAA… {2}1 min ago {2}12 {2}@AAAAAAAA… {2}one two three four$/,
    /^ +five six seven$/,
  ])
  t.notMatch(lines(50)[0], /BY/)
})

t.test('wide and combining characters are counted in columns', async (t) => {
  t.equal(displayWidth('Ana'), 3)
  t.equal(displayWidth('\u6f6e\u3060\u307e\u308a'), 8)
  t.equal(displayWidth('man\u0303ana'), 6)
  t.equal(displayWidth('👩‍🚀'), 2)
  t.same(wrap('潮だまり 潮だまり', 9), ['潮だまり', '潮だまり'])
  t.same(wrap('aaaaaaaaaa bb', 4), ['aaaa', 'aaaa', 'aa', 'bb'])
})

t.test('facts: a list has a line per value, an empty one a dash', async (t) => {
  t.equal(
    facts([
      ['one', 'x'],
      ['list', ['a', 'b']],
      ['none', []],
      ['n', 0],
    ]),
    '  one   x\n  list  a\n        b\n  none  -\n  n     0',
  )
})

t.test('text by others stays on one line, without control characters', async (t) => {
  t.equal(oneLine('a\u001b[2J\nb\u0007\u202ec\u2028d\r'), 'a [2J b c d')
  t.equal(oneLine('Ana 👩‍🚀 mañana'), 'Ana 👩‍🚀 mañana')
})

t.test('times', async (t) => {
  const now = Date.UTC(2025, 0, 2, 3, 4, 5, 678)
  t.equal(moment(now, now), 'now (2025-01-02T03:04:05Z)')
  t.equal(moment(now - 90_000, now), '1 min ago (2025-01-02T03:02:35Z)')
  t.equal(moment(now + 86_400_000 * 2, now), 'in 2 d (2025-01-04T03:04:05Z)')
  t.equal(moment(now + 86_400_000 * 7 - 1500, now), 'in 7 d (2025-01-09T03:04:04Z)', 'as it was promised')
  t.equal(moment(now + 3_600_000 - 1000, now), 'in 60 min (2025-01-02T04:04:04Z)')
  t.equal(moment(now - 86_400_000 * 7 + 1500, now), '6 d ago (2024-12-26T03:04:07Z)')
  t.equal(moment(Number.NaN, now), '-')
  t.equal(moment(9e15, now), '-')
  t.equal(span(0), '0 s')
  t.equal(span(3_600_000), '1 h')
})

t.test('sizes', async (t) => {
  const sizes = [0, 1023, 1024, 1536, 100 * 1024, 8 * 1024 ** 3, 5e15].map(size)
  t.same(sizes, ['0 B', '1023 B', '1.0 KiB', '1.5 KiB', '100 KiB', '8.0 GiB', '4547 TiB'])
})

t.test('text by others cannot repaint the screen, and JSON keeps it', async (t) => {
  const evil = 'a\u001b[2Jb\u009b31mc\rd\u202ee\ntwo'
  t.equal(withoutControls(evil), 'a[2Jb31mcde\ntwo')
  const written: string[] = []
  const { write } = process.stdout
  process.stdout.write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0
  try {
    print(evil)
    printJson({ evil })
  } finally {
    process.stdout.write = write
  }
  t.equal(written[0], 'a[2Jb31mcde\ntwo\n')
  t.notMatch(written[1]?.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  t.same(JSON.parse(written[1] ?? ''), { evil })
})
