// SPDX-License-Identifier: AGPL-3.0-or-later
// Supported boards, emulated: the Debian package runs its self-test in Debian's Node for arm64 and 32-bit ARM, and fills a
// database of TIDE_BOARD_MIB.

import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import t, { type Test } from 'tap'
import type { SelfTest } from '../../src/commands/self-test.js'
import { lacks, programPath } from '../helpers/programs.js'
import { ROOT } from '../house/files.js'
import { script } from './packages.js'
import { foreignTree, treeOrSkip } from './tree.js'

/** Debian's and qemu's names of a processor, and what the self-test must report. */
const BOARDS = [
  { debian: 'arm64', qemu: 'qemu-aarch64-static', machine: /aarch64, 64 bit/, crypto: /sodium-native/ },
  { debian: 'armhf', qemu: 'qemu-arm-static', machine: /armv7l, 32 bit/, crypto: /WebAssembly/ },
] as const

const skip =
  (process.platform !== 'linux' && 'this is not Linux') ||
  (process.getuid?.() !== 0 && 'unpacking the tree of another processor needs root') ||
  lacks('mmdebstrap', 'mmdebstrap') ||
  lacks('dpkg-deb', 'dpkg') ||
  lacks('qemu-arm-static', 'qemu-user-static')

/** Size of the database. 1500 takes some minutes: the most that fits into 32 bits is found out with it. */
const STORE_MIB = Number(process.env.TIDE_BOARD_MIB ?? 24)

t.setTimeout((STORE_MIB > 100 ? 40 : 15) * 60_000)

t.test('the package on every board', { skip }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tide-boards-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const made = script('package.sh', '--arch', BOARDS.map(({ debian }) => debian).join(' '), '--into', dir)
  for (const [i, board] of BOARDS.entries()) {
    const root = join(dir, board.debian)
    execFileSync('dpkg-deb', ['-x', made[i] as string, root])
    // the package has it in pieces with names that change
    await build({
      entryPoints: [join(ROOT, 'src/store/layout.ts')],
      ...{ bundle: true, platform: 'node', format: 'esm', external: ['lmdb'], logLevel: 'error' },
      outfile: join(root, 'usr/lib/tidepool/layout.mjs'),
    })
    await t.test(board.debian, (t) => onBoard(t, board, join(root, 'usr/lib/tidepool/dist/cli.js'), dir))
  }
})

async function onBoard(
  t: Test,
  { debian, qemu, machine, crypto }: (typeof BOARDS)[number],
  cli: string,
  dir: string,
): Promise<void> {
  const tree = await treeOrSkip(t, () => foreignTree('trixie', debian))
  if (!tree) return
  const node = ['-L', tree, join(tree, 'usr/bin/node'), '--max-old-space-size=96', '--max-semi-space-size=1']
  const said = await run(programPath(qemu) ?? qemu, [...node, cli, 'doctor', '--self-test', '--json'])
  t.equal(said.stderr, '', 'nothing was complained about')
  const result = JSON.parse(said.stdout) as SelfTest
  t.match(result, { ok: true, failed: null, machine })
  t.match(result.steps[0], { name: 'crypto', detail: crypto })
  for (const { name, ms } of result.steps) t.comment(`${debian} ${name}: ${ms} ms`)
  const store = join(dir, `${debian}-store`)
  mkdirSync(store)
  const args = [join(cli, '../../layout.mjs'), store, String(STORE_MIB)]
  const filled = await run(
    programPath(qemu) ?? qemu,
    [...node, join(ROOT, 'test/service/large-store.mjs'), ...args],
    STORE_MIB > 100 ? 1_800_000 : 300_000,
  )
  t.equal(filled.stderr, '')
  const { count, wrong, file, mapped } = JSON.parse(filled.stdout)
  t.same([count, wrong], [STORE_MIB * 256, 0])
  // far below the file, once that is larger than what is read in one turn
  if (STORE_MIB >= 1000) t.ok(mapped < file / 2, `${mapped} of ${file} MiB mapped`)
  t.comment(`${debian} store: ${filled.stdout}`)
}

/** Without tap's variables, which the emulated Node would load. */
function run(
  program: string,
  args: string[],
  timeout = 300_000,
): Promise<{ stdout: string; stderr: string }> {
  const { PATH = '', HOME = '' } = process.env
  return new Promise((resolve) => {
    const unwatched = ['-u', 'NODE_OPTIONS', program, ...args]
    execFile('env', unwatched, { env: { PATH, HOME }, timeout }, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    )
  })
}
