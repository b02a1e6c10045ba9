// SPDX-License-Identifier: AGPL-3.0-or-later
// The root of the disk image as a directory, from packages that are kept between tests.

import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { text } from '../house/files.js'
import { hostArch, script } from './packages.js'
import { retried } from './tree.js'

/** Makes the root of the image for this machine's processor; it is removed when the test ends. @throws as the script */
export async function imageRoot(t: Test): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'tide-image-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const [packages = ''] = /^PACKAGES=[\s\S]*?\nesac/m.exec(text('scripts/image.sh')) ?? []
  const name = `image-${hostArch()}-${createHash('sha256').update(packages).digest('hex').slice(0, 8)}`
  const base = join(tmpdir(), 'tidepool-trees', name)
  const args = ['--arch', hostArch(), '--base', base, '--tree', join(dir, 'root')]
  return retried(async () => script('image.sh', ...args).at(-1) as string)
}

/**
 * A program for Node that opens the set-up page, fills it in and prints the status codes of the page, the set-up and the
 * front page after it. Its argument is the set-up link.
 */
export const CLAIM = `
const link = new URL(process.argv[1])
const page = await fetch(link)
const body = new URLSearchParams({ token: link.searchParams.get('token'), name: 'Rock pool', description: '', admin: '' })
const headers = { origin: link.origin }
const set = await fetch(new URL('/setup', link), { method: 'POST', body, headers, redirect: 'manual' })
const front = await fetch(new URL('/', link))
console.log(page.status, set.status, front.status, (await front.text()).includes('Rock pool'))
`
