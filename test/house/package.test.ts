// SPDX-License-Identifier: AGPL-3.0-or-later
// The package is pinned, runs no install scripts, and names no machine that it was made on.

import t from 'tap'
import { json, text } from './files.js'

interface Locked {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  dev?: boolean
  cpu?: string[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const manifest = json('package.json')
const lock = json('package-lock.json')
const locked = Object.entries(lock.packages as Record<string, Locked>).filter(([path]) => path !== '')

t.test('no package may run a script when it is installed', async (t) => {
  t.match(text('.npmrc').split('\n'), ['ignore-scripts=true'])
  t.notMatch(text('.npmrc'), /registry|_auth|\/\//)
})

t.test('the lockfile is that of package.json', async (t) => {
  const { dependencies, devDependencies, engines } = lock.packages['']
  t.same(dependencies, manifest.dependencies)
  t.same(devDependencies, manifest.devDependencies)
  t.same(engines, manifest.engines)
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
    t.ok(lock.packages[`node_modules/${name}`]?.version, `${name} is pinned`)
  }
})

t.test('the lockfile is whole, for machines of every kind', async (t) => {
  // npm leaves out packages for other systems when it writes a lockfile from an installed tree; `npm ci` then fails
  const paths = new Set(locked.map(([path]) => path))
  const found = (from: string, name: string): boolean => {
    for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      if (paths.has(`${at ? `${at}/` : ''}node_modules/${name}`)) return true
      if (at === '') return false
    }
  }
  const missing = locked.flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !found(path, name))
      .map((name) => `${path} needs ${name}`),
  )
  t.same(missing, [])
})

t.test('native modules are pinned for every board there is a build for', async (t) => {
  const names = new Set(locked.map(([path]) => path.split('node_modules/').at(-1) as string))
  const builds = (prefix: string): string[] =>
    [...names].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])).sort()
  for (const prefix of ['@lmdb/lmdb-', '@msgpackr-extract/msgpackr-extract-'])
    for (const board of ['linux-x64', 'linux-arm64', 'linux-arm'])
      t.ok(builds(prefix).includes(board), `${prefix}${board}`)
  // all native modules that are built per system: a new one must be added above
  const kinds = locked.flatMap(([path, { dev, cpu }]) =>
    cpu && !dev
      ? [path.replace(/^.*node_modules\//, '').replace(/-?(linux|darwin|win32|freebsd|openbsd).*$/, '')]
      : [],
  )
  t.same([...new Set(kinds)].sort(), ['@lmdb/lmdb', '@msgpackr-extract/msgpackr-extract'])
})

t.test('each package is pinned by its hash, from wherever it comes', async (t) => {
  const loose = locked.filter(
    ([, { version, integrity }]) => !version || !/^sha512-|^sha1-/.test(integrity ?? ''),
  )
  t.same(loose, [])
  t.same(
    locked.filter(([, { resolved, link }]) => resolved !== undefined || link),
    [],
    'no place is named',
  )
})

t.test('scripts named in package.json are there', async (t) => {
  for (const [name, line] of Object.entries(manifest.scripts as Record<string, string>)) {
    const [, script] = /^sh (scripts\/\S+)/.exec(line) ?? []
    if (script) t.match(text(script), /^#!\/bin\/sh\n# /, `${name} runs ${script}`)
  }
})

t.test('Node gets the same flags however the relay is started', async (t) => {
  const flags = (line: string | undefined): string[] => line?.match(/--[a-z0-9-]+=\d+/g) ?? []
  const shebang = flags(text('src/cli.ts').split('\n')[0])
  const started = text('scripts/start.sh').split('\n')
  t.ok(shebang.length > 0)
  t.same(flags(started.find((line) => line.startsWith('exec node'))), shebang)
})

t.test('.editorconfig says what biome.json formats', async (t) => {
  const { formatter } = json('biome.json')
  const [general = ''] = text('.editorconfig').split(/^\[\*\./m)
  const said = Object.fromEntries(
    [...general.matchAll(/^(\w+) = (\w+)$/gm)].map(([, key = '', value]) => [key, value]),
  )
  t.match(said, {
    indent_style: formatter.indentStyle,
    indent_size: String(formatter.indentWidth),
    max_line_length: String(formatter.lineWidth),
  })
})
