// SPDX-License-Identifier: AGPL-3.0-or-later
// QR codes in a terminal, and the plain text as the fallback.

import t from 'tap'
import { drawModules, printQr, qrModules } from '../../src/commands/qr.js'
import { terminalTraits } from '../../src/config/environment.js'
import { captured } from './invoke.js'

const CODE = `relay.example.org:8008:@${'A'.repeat(43)}=.ed25519~${'s'.repeat(43)}=`
const FULL = { unicode: true, color: true }

/** The modules that a drawing shows: the foreground colour is white, the background black. */
function readBack(lines: readonly string[]): boolean[][] {
  return lines.flatMap((line) => {
    t.ok(line.startsWith('\u001b[40;97m') && line.endsWith('\u001b[0m'), 'white on black on every terminal')
    const blocks = [...line.slice('\u001b[40;97m'.length, -'\u001b[0m'.length)]
    return ['▀█', '▄█'].map((white) => blocks.map((block) => !white.includes(block)))
  })
}

t.test('each module is drawn, with a white edge of two modules', async (t) => {
  const modules = await qrModules(CODE)
  const drawn = readBack(drawModules(modules))
  const inner = modules.map((_, row) => drawn[row + 2]?.slice(2, -2))
  t.same(inner, modules)
  const edges = [0, 1, modules.length + 2, modules.length + 3].map((row) => drawn[row])
  t.notOk(edges.flat().includes(true), 'above and below')
  const sides = modules.flatMap((_, row) => [drawn[row + 2]?.slice(0, 2), drawn[row + 2]?.slice(-2)])
  t.notOk(sides.flat().includes(true), 'left and right')
})

t.test('a terminal shows the code and the text', async (t) => {
  const { stdout, stderr } = await captured(() => printQr(CODE, { isTTY: true, columns: 80 }, FULL))
  t.equal(stderr, '')
  t.equal(stdout, `${drawModules(await qrModules(CODE)).join('\n')}\n\n${CODE}\n`)
})

t.test('a terminal that cannot show it gets the text, and a note', async (t) => {
  const cases = [
    [{ columns: 80 }, { unicode: false, color: true }, /UTF-8/],
    [{ columns: 80 }, { unicode: true, color: false }, /NO_COLOR/],
    [{ columns: 30 }, FULL, /it needs \d+ columns, the terminal has 30/],
  ] as const
  for (const [size, traits, reason] of cases) {
    const ran = await captured(() => printQr(CODE, { isTTY: true, ...size }, traits))
    t.equal(ran.stdout, `${CODE}\n`)
    t.match(ran.stderr, reason)
    t.match(ran.stderr, /^No QR code: .*\.\n$/)
  }
  t.same(await captured(() => printQr(CODE, {}, FULL)), { code: 0, stdout: `${CODE}\n`, stderr: '' })
})

t.test('the environment tells whether the terminal has Unicode and colours', async (t) => {
  t.same(terminalTraits({ LANG: 'de_DE.UTF-8' }), FULL)
  t.same(terminalTraits({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }), { unicode: false, color: true })
  t.same(terminalTraits({ LC_CTYPE: 'C.utf8', LC_ALL: '' }), FULL)
  t.same(terminalTraits({}), { unicode: false, color: true })
  t.same(terminalTraits({ LANG: 'C.UTF-8', NO_COLOR: '1' }), { unicode: true, color: false })
  t.same(terminalTraits({ LANG: 'C.UTF-8', NO_COLOR: '' }), FULL)
  t.same(terminalTraits({ LANG: 'C.UTF-8', TERM: 'dumb' }), { unicode: false, color: false })
})
