// SPDX-License-Identifier: AGPL-3.0-or-later
// The unit: systemd's own tools accept it, and it agrees with the rest of the project.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { lacks } from '../helpers/programs.js'
import { ROOT, text } from '../house/files.js'

const UNIT = join(ROOT, 'systemd/tidepool.service')
const unit = text('systemd/tidepool.service')

/** The highest exposure that `systemd-analyze security` may report, from 0 to 10. */
const EXPOSURE = 1.5

function said(program: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, (err, stdout, stderr) =>
      resolve(`${err ? `${err.code}\n` : ''}${stdout}${stderr}`),
    )
  })
}

t.test('systemd finds nothing wrong with it', { skip: lacks('systemd-analyze', 'systemd') }, async (t) => {
  t.equal(await said('systemd-analyze', ['verify', '--recursive-errors=no', UNIT]), '')
})

t.test('a mistake in it would be found', { skip: lacks('systemd-analyze', 'systemd') }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tide-unit-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const wrong = join(dir, 'tidepool.service')
  writeFileSync(wrong, unit.replace('WatchdogSec=', 'WatchdocSec='))
  t.match(await said('systemd-analyze', ['verify', '--recursive-errors=no', wrong]), /WatchdocSec/)
})

t.test('little of the machine is exposed to it', { skip: lacks('systemd-analyze', 'systemd') }, async (t) => {
  const report = await said('systemd-analyze', ['security', '--offline=true', '--no-pager', UNIT])
  const [, exposure] = /exposure level for tidepool\.service: ([\d.]+)/.exec(report) ?? []
  t.ok(Number(exposure) <= EXPOSURE, `${exposure} is at most ${EXPOSURE}`)
  t.comment(`exposure ${exposure}`)
})

t.test('Node is started as everywhere else', async (t) => {
  const [, flags = ''] = / \/usr\/bin\/node ((?:--\S+ )+)\/usr/.exec(unit) ?? []
  const [, started = ''] = /^exec node ((?:--\S+ )+)"/m.exec(text('scripts/start.sh')) ?? []
  t.ok(flags.length > 0)
  t.equal(flags, started)
  for (const [, name, value] of text('scripts/start.sh').matchAll(/(\w+)="\$\{\1:-(\d+)\}"/g)) {
    t.match(unit, `Environment=${name}=${value}\n`)
  }
})
