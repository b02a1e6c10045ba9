#!/usr/bin/env node
// SPDX-License-Identifier: AGPL-3.0-or-later
// Builds dist/: bundles of the command line, with a chunk for each part that is loaded on demand. Loading 300 modules one
// by one took a quarter of a start. Packages are not bundled. `tsc --noEmit` checks the types.
// Usage: build.mjs [DIRECTORY [MODULE...]]   output directory, default dist; extra modules of src, for tests

import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../', import.meta.url))
const [directory = `${root}dist`, ...modules] = process.argv.slice(2)
const outdir = resolve(directory)

rmSync(outdir, { recursive: true, force: true })
await build({
  absWorkingDir: root,
  entryPoints: {
    cli: 'src/cli.ts',
    // a process of its own
    'fetch-child': 'src/web/domain/fetch-child.ts',
    // scripts/install.sh reads and describes the configuration with it
    'config/config': 'src/config/config.ts',
    ...Object.fromEntries(modules.map((name) => [name, `src/${name}.ts`])),
  },
  outdir,
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  target: 'node20.12',
  // for `node --enable-source-maps`, which finds them beside the bundles; they cost nothing otherwise
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
})
