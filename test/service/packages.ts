// SPDX-License-Identifier: AGPL-3.0-or-later
// Debian packages to install: the project's own for this machine, and others made from it.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { ROOT } from '../house/files.js'

export interface Packages {
  /** directory of the packages, which the machine can see */
  dir: string
  /** file name of the project's own */
  current: string
  /** version of the project's own */
  version: string
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
 * Makes the package, with `install.sh` beside it as `install/install.sh`, and from it `next.deb` (9.0.0), `hangs.deb`
 * (9.1.0, whose program never becomes ready), `refuses.deb` (9.2.0, which calls a key of the configuration otherwise),
 * `foreign.deb` (for another processor) and `damaged.deb`.
 */
export function makePackages(t: Test): Packages {
  const dir = mkdtempSync(join(tmpdir(), 'tide-packages-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  // a script on the machine may not be root
  chmodSync(dir, 0o755)
  const arch = hostArch()
  const made = script('package.sh', '--arch', arch, '--into', dir).at(-1) as string
  const current = made.slice(dir.length + 1)
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
  const version = execFileSync('dpkg-deb', ['-f', made, 'Version'], { encoding: 'utf8' }).trim()
  variant('next', '9.0.0', ':')
  variant(
    'hangs',
    '9.1.0',
    `echo 'process.argv[2] === "start" ? setInterval(() => {}, 1000) : process.exit(1)' >usr/lib/tidepool/dist/cli.js && sed -i 's/^PATIENCE=.*/PATIENCE=5/' DEBIAN/postinst`,
  )
  variant(
    'refuses',
    '9.2.0',
    `grep -rl '"invite.per_hour"' usr/lib/tidepool/dist | xargs sed -i s/per_hour/per_minute/g`,
  )
  variant('foreign', '9.0.0', `sed -i 's/^Architecture: .*/Architecture: s390x/' DEBIAN/control`)
  sh(
    `mkdir install && ln "${current}" "${current}.sha256" install.sh install/ && head -c 100000 "${current}" >damaged.deb`,
  )
  return { dir, current, version, arch }
}

/**
 * Makes `before.tgz`: the same program as an archive with the installer of before there was a package, to be unpacked and
 * run as `scripts/install.sh`.
 */
export function makeArchive({ dir }: Packages): void {
  const archive = script('release.sh', '--cpu', process.arch, '--into', dir).at(-1) as string
  const installer = join(ROOT, 'test/service/install-0.1.sh')
  const line = `mkdir before && tar -xzf "${archive}" -C before --strip-components 1
    mkdir before/scripts && cp "${installer}" before/scripts/install.sh && echo 0.1.0+before >before/RELEASE
    sed -i -e '2s/$/ written by scripts\\/install.sh/' -e 's|/usr/lib/tidepool|/opt/tidepool/current|g' \\
      -e 's|^ExecPaths=/usr |&/opt/tidepool |' before/systemd/tidepool.service
    tar -czf before.tgz before && rm -r before`
  execFileSync('sh', ['-ec', line], { cwd: dir })
}
