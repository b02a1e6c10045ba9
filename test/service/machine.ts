// SPDX-License-Identifier: AGPL-3.0-or-later
// A whole Debian with its own systemd, booted by systemd-nspawn from a tree that it does not change.
// Memory limits and IP address filters are not enforced in it.

import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { until } from '../helpers/wait.js'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

export interface Machine {
  /** Runs a line of shell as root, without a terminal; never throws for an exit code. */
  run(line: string): Promise<Ran>
  /** Runs a line that must succeed; returns its output. */
  sh(line: string): Promise<string>
  /** A property of the relay's unit. */
  show(property: string): Promise<string>
  /** Lines of the relay's journal. @param options for journalctl */
  journal(options?: string): Promise<string>
}

/** Why no machine can be booted here, even with the packages; or false. */
export function cannotBoot(): string | false {
  if (process.platform !== 'linux') return 'this is not Linux'
  if (process.getuid?.() !== 0) return 'booting a machine needs root'
  return false
}

/** Why nothing can be mounted here, which making an image needs; or false. */
export function cannotMount(): string | false {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' })
    return false
  } catch (err) {
    return `nothing can be mounted here: ${(err as Error).message}`
  }
}

const PATIENCE_MS = 60_000

/**
 * Boots a machine; it is gone when the test ends.
 * @param binds options such as `--bind-ro=HERE:THERE`
 * @throws if this kernel or our own container does not allow it
 */
export async function bootMachine(t: Test, tree: string, binds: readonly string[]): Promise<Machine> {
  const name = `tidepool-${process.pid}-${Date.now() % 100_000}`
  const args = [
    '--quiet',
    '--boot',
    '--register=no',
    '--keep-unit',
    '--private-network',
    '--volatile=overlay',
  ]
  const nspawn = spawn('systemd-nspawn', [...args, `--machine=${name}`, `--directory=${tree}`, ...binds], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
  })
  const exited = once(nspawn, 'exit')
  let said = ''
  for (const stream of [nspawn.stdout, nspawn.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-2000)
    })
  t.teardown(async () => {
    const leader = leaderOf(nspawn.pid)
    // the end of a namespace's first process is the end of all in it; nspawn then tidies up
    if (leader) process.kill(leader, 'SIGKILL')
    else nspawn.kill('SIGKILL')
    await exited
  })

  const enter = (line: string): Promise<Ran> =>
    new Promise((resolve) => {
      const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
      const env = ['env', '-i', `PATH=${path}`, 'HOME=/root', 'LANG=C.UTF-8']
      const inside = ['--target', String(leaderOf(nspawn.pid) ?? 0), '--all', '--', ...env, 'sh', '-c', line]
      const child = execFile('nsenter', inside, { maxBuffer: 1 << 26 }, (err, stdout, stderr) =>
        resolve({ code: err ? Number(err.code ?? 255) : 0, stdout, stderr }),
      )
      child.stdin?.end()
    })

  await until(
    'the machine to be up',
    async () => {
      if (nspawn.exitCode !== null) throw new Error(`systemd-nspawn ended: ${said.trim()}`)
      if (!leaderOf(nspawn.pid)) return false
      const { stdout } = await enter('systemctl is-system-running')
      return /^(running|degraded)/.test(stdout)
    },
    PATIENCE_MS,
  )

  async function sh(line: string): Promise<string> {
    const { code, stdout, stderr } = await enter(line)
    if (code !== 0) throw new Error(`${line}: exit code ${code}: ${stderr}${stdout}`)
    return stdout
  }
  return {
    run: enter,
    sh,
    show: async (property) => (await sh(`systemctl show -p ${property} --value tidepool`)).trim(),
    journal: (options = '') => sh(`journalctl -q -u tidepool -o cat --no-pager ${options}`),
  }
}

/** The process id of the machine's init as seen from outside; null before its start and after its end. */
function leaderOf(nspawn: number | undefined): number | null {
  try {
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').trim()
    return children === '' ? null : Number(children.split(' ')[0])
  } catch {
    return null
  }
}
