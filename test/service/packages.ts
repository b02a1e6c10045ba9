// SPDX-License-Identifier: AGPL-3.0-or-later
// Debian packages to install: the project's own for this machine, and others made from it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { ROOT } from '../house/files.js'

export interface Packages {
  /** directory of the packages, which the machine can see */
  dir: string
  /** file name of the project's own */
  current: string
  /** Debian's name of this processor */
  arch: string
}

/** Runs a script of the project without tap's variables, which would make npm's Node processes count coverage. */
export function script(name: string, ...args: string[]): string[] {
  const { PATH = '', HOME = '' } = process.env
  const said = execFileSync('sh', [join(ROOT, 'scripts', name), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH, HOME },
  })
  return said.trim().split('\n')
}

export const hostArch = (): string =>
  execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim()

/**
 * Makes the package, `next.deb` (9.0.0), `hangs.deb` (9.1.0, whose program never becomes ready) and `current.tgz`, the
 * archive of the same program.
 */
export function makePackages(t: Test): Packages {
  const dir = mkdtempSync(join(tmpdir(), 'tide-packages-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const arch = hostArch()
  const made = script('package.sh', '--arch', arch, '--into', dir).at(-1) as string
  const sh = (line: string): void => void execFileSync('sh', ['-ec', line], { cwd: dir })
  const variant = (name: string, version: string, change: string): void =>
    sh(
      `dpkg-deb -R "${made}" ${name}
      sed -i 's/^Version: .*/Version: ${version}/' ${name}/DEBIAN/control
      sed -i 's/"version": "[^"]*"/"version": "${version}"/' ${name}/usr/lib/tidepool/package.json
      (cd ${name} && ${change})
      dpkg-deb --root-owner-group -Znone --build ${name} ${name}.deb >/dev/null
      rm -r ${name}`,
    )
  variant('next', '9.0.0', ':')
  variant(
    'hangs',
    '9.1.0',
    `echo 'setInterval(() => {}, 1000)' >usr/lib/tidepool/dist/cli.js && sed -i 's/^PATIENCE=.*/PATIENCE=5/' DEBIAN/postinst`,
  )
  const archive = script('release.sh', '--cpu', process.arch, '--into', dir).at(-1) as string
  sh(`mv "${archive}" current.tgz`)
  return { dir, current: made.slice(dir.length + 1), arch }
}
