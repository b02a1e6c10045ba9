// SPDX-License-Identifier: AGPL-3.0-or-later
// A Debian tree to boot: made once by mmdebstrap, kept outside the project, with the packages an installation wants
// lying in apt's cache, because the machine will have no network.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'

export type Suite = 'trixie' | 'bookworm'

/** Packages of a minimal system; apt installs the rest. */
const HAS = ['systemd', 'systemd-sysv', 'dbus', 'passwd', 'procps']
/** Packages that the installer requests from apt. */
const WANTED = 'nodejs tor ca-certificates'
/** Minutes for a slow mirror; a fast one needs twenty seconds. */
const PATIENCE_MS = 8 * 60_000
/** Tries of a mirror: it can fail for some seconds while it is updated. */
const TRIES = 3
/** Milliseconds before the second try; twice as many before the third. */
const PAUSE_MS = 10_000

/** Runs `make` until it succeeds, at most `TRIES` times. @throws what the last try threw */
export async function retried<T>(
  make: () => Promise<T>,
  wait: (ms: number) => Promise<unknown> = pause,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await make()
    } catch (err) {
      if (tried === TRIES) throw err
      await wait(PAUSE_MS * tried)
    }
  }
}

/**
 * A tree, or null after a skip. In CI a tree that cannot be made fails the test: a mirror that does not answer must not
 * hide what was not tested.
 */
export async function treeOrSkip(
  t: Pick<Test, 'pass'>,
  make: () => Promise<string>,
  isCi = Boolean(process.env.CI),
): Promise<string | null> {
  try {
    return await make()
  } catch (err) {
    if (isCi) throw err
    t.pass('skipped', { skip: `no tree can be had here: ${(err as Error).message}` })
    return null
  }
}

/**
 * The directory of the tree, made if it is not there yet.
 * @param more further packages
 * @throws with the last output of the program that failed
 */
export async function debianTree(suite: Suite, more: readonly string[] = []): Promise<string> {
  return kept(suite, suite, [
    '--variant=apt',
    `--include=${[...HAS, ...more].join(',')}`,
    '--skip=cleanup/apt/lists,cleanup/apt/cache',
    `--customize-hook=chroot "$1" apt-get install -y --no-install-recommends --download-only ${WANTED}`,
    // systemd makes one at boot, so that machines do not share it
    '--customize-hook=rm -f "$1/etc/machine-id"; touch "$1/etc/machine-id"',
  ])
}

/** A tree of another processor, with Node in it: unpacked only, as nothing of it can run here by itself. */
export async function foreignTree(suite: Suite, architecture: 'arm64' | 'armhf'): Promise<string> {
  return kept(suite, `${suite}-${architecture}`, [
    '--variant=extract',
    `--architectures=${architecture}`,
    '--include=nodejs',
    // links of the base system: the loader is looked for there
    '--setup-hook=mkdir -p "$1/usr/lib" && ln -sfn usr/lib "$1/lib"',
  ])
}

async function kept(suite: Suite, label: string, options: readonly string[]): Promise<string> {
  const mirror = await hostMirror()
  const args = [...options, ...(await proxies()).map((line) => `--aptopt=${line}`)]
  const name = createHash('sha256').update(JSON.stringify(args)).digest('hex').slice(0, 8)
  const cache = join(tmpdir(), 'tidepool-trees')
  const tree = join(cache, `${label}-${name}`)
  if (existsSync(tree)) return tree
  mkdirSync(cache, { recursive: true })
  const fresh = `${tree}.${process.pid}`
  try {
    await retried(async () => {
      // what a failed try has left
      await rm(fresh, { recursive: true, force: true })
      await ran('mmdebstrap', [...args, '--format=directory', suite, fresh, mirror], PATIENCE_MS)
    })
    if (existsSync(tree)) return tree
    renameSync(fresh, tree)
    return tree
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** The package source of this machine. */
async function hostMirror(): Promise<string> {
  const targets = await ran('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI)|$(LABEL)',
    'Created-By: Packages',
  ])
  const debian = targets.split('\n').find((line) => line.endsWith('|Debian'))
  if (!debian) throw new Error('the apt sources of this machine name no Debian mirror')
  return debian.split('|')[0] as string
}

/** The proxy settings of this machine's apt. */
async function proxies(): Promise<string[]> {
  const config = await ran('apt-config', ['dump'])
  return config.split('\n').filter((line) => /^Acquire::https?::.*Proxy/i.test(line))
}

function ran(program: string, args: string[], timeout = 60_000): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout, maxBuffer: 1 << 26 }, (err, stdout, stderr) => {
      if (err)
        reject(new Error(`${program}: ${stderr.trim().split('\n').slice(-3).join(' | ') || err.message}`))
      else resolve(stdout)
    })
  })
}
