// SPDX-License-Identifier: AGPL-3.0-or-later
// Releases to install: the project as it is now, and others made from it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createAuthority } from '../helpers/certificates.js'
import { script } from './packages.js'

export interface Releases {
  /** directory of the archives, which the machine can see */
  dir: string
  /** name of the release in `current.tgz` */
  id: string
}

/** A program that runs and never becomes ready. */
const HANGS = 'setInterval(() => {}, 1000)\n'

/** Makes a pair for `relay.example`, `current.tgz` from the project, and from that `next.tgz`, `hangs.tgz`, `refuses.tgz` and `damaged.tgz`. */
export async function makeReleases(t: Test): Promise<Releases> {
  const dir = mkdtempSync(join(tmpdir(), 'tide-releases-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const made = script('release.sh', '--cpu', process.arch, '--into', dir).at(-1) as string
  const unpacked = join(dir, 'tree')
  const sh = (line: string): void => void execFileSync('sh', ['-ec', line], { cwd: dir })
  sh(`mkdir tree && tar -xzf "${made}" -C tree --strip-components 1`)
  const id = readFileSync(join(unpacked, 'RELEASE'), 'utf8').trim()

  const variant = (name: string, release: string, change: Record<string, (text: string) => string>): void => {
    sh(`cp -al tree ${name}`)
    const files = { ...change, RELEASE: (_: string) => `${release}\n` }
    for (const [path, edit] of Object.entries(files)) {
      const at = join(dir, name, path)
      const text = edit(readFileSync(at, 'utf8'))
      // the copy has hard links: a changed file must be a new file
      rmSync(at)
      writeFileSync(at, text)
    }
    sh(`tar -czf ${name}.tgz ${name} && rm -rf ${name}`)
  }
  const version = (to: string) => (text: string) => text.replace(/"version": "[^"]*"/, `"version": "${to}"`)
  variant('next', '9.0.0+next', { 'package.json': version('9.0.0') })
  variant('hangs', '9.1.0+hangs', { 'package.json': version('9.1.0'), 'dist/cli.js': (_) => HANGS })
  // the keys are in a chunk that the build has named
  const chunk = readdirSync(join(unpacked, 'dist')).find(
    (name) =>
      /^chunk-.*\.js$/.test(name) &&
      readFileSync(join(unpacked, 'dist', name), 'utf8').includes('"invite.per_hour"'),
  )
  variant('refuses', '9.2.0+refuses', {
    [`dist/${chunk}`]: (text) => text.replaceAll('per_hour', 'per_minute'),
  })
  sh(
    `mv "${made}" current.tgz && sha256sum current.tgz > current.tgz.sha256 && head -c 100000 current.tgz > damaged.tgz && rm -rf tree`,
  )
  const { key, cert } = await (await createAuthority()).issue('relay.example')
  writeFileSync(join(dir, 'relay.key'), key)
  writeFileSync(join(dir, 'relay.pem'), cert)
  return { dir, id }
}
