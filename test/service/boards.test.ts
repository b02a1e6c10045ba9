// SPDX-License-Identifier: AGPL-3.0-or-later
// Supported boards, emulated: the release runs its self-test in Debian's Node for arm64 and 32-bit ARM.

import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SelfTest } from '../../src/commands/self-test.js'
import { lacks, programPath } from '../helpers/programs.js'
import { ROOT } from '../house/files.js'
import { foreignTree } from './tree.js'

/** Debian's and qemu's names of a processor, and what the self-test must report. */
const BOARDS = [
  { debian: 'arm64', qemu: 'qemu-aarch64-static', machine: /aarch64, 64 bit/, crypto: /sodium-native/ },
  { debian: 'armhf', qemu: 'qemu-arm-static', machine: /armv7l, 32 bit/, crypto: /WebAssembly/ },
] as const

const skip =
  (process.platform !== 'linux' && 'this is not Linux') ||
  (process.getuid?.() !== 0 && 'unpacking the tree of another processor needs root') ||
  lacks('mmdebstrap', 'mmdebstrap') ||
  lacks('qemu-arm-static', 'qemu-user-static')

t.setTimeout(15 * 60_000)

t.test('the release on every board', { skip }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tide-boards-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const { PATH = '', HOME = '' } = process.env
  const made = execFileSync('sh', [join(ROOT, 'scripts/release.sh'), '--cpu', 'arm64 arm', '--into', dir], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH, HOME },
  })
  const archive = made.trim().split('\n').at(-1) as string
  execFileSync('sh', ['-ec', `mkdir app && tar -xzf "${archive}" -C app --strip-components 1`], { cwd: dir })
  for (const board of BOARDS)
    await t.test(board.debian, (t) => onBoard(t, board, join(dir, 'app/dist/cli.js')))
})

async function onBoard(t: Test, { debian, qemu, machine, crypto }: (typeof BOARDS)[number], cli: string) {
  let tree: string
  try {
    tree = await foreignTree('trixie', debian)
  } catch (err) {
    t.pass('skipped', { skip: `no tree can be had here: ${(err as Error).message}` })
    return
  }
  const node = ['-L', tree, join(tree, 'usr/bin/node'), '--max-old-space-size=96', '--max-semi-space-size=1']
  const said = await run(programPath(qemu) ?? qemu, [...node, cli, 'doctor', '--self-test', '--json'])
  t.equal(said.stderr, '', 'nothing was complained about')
  const result = JSON.parse(said.stdout) as SelfTest
  t.match(result, { ok: true, failed: null, machine })
  t.match(result.steps[0], { name: 'crypto', detail: crypto })
  for (const { name, ms } of result.steps) t.comment(`${debian} ${name}: ${ms} ms`)
}

/** Without tap's variables, which the emulated Node would load. */
function run(program: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { PATH = '', HOME = '' } = process.env
  return new Promise((resolve) => {
    const unwatched = ['-u', 'NODE_OPTIONS', program, ...args]
    execFile('env', unwatched, { env: { PATH, HOME }, timeout: 300_000 }, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    )
  })
}
