// SPDX-License-Identifier: AGPL-3.0-or-later
// A disk image in qemu: booted with the kernel that its boot partition names, reached by SSH, and cut off.

import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { freePorts } from '../helpers/ports.js'

const ran = promisify(execFile)

/** Where the boot partition is in the image, for mtools. */
const BOOT = '@@4M'

/** What differs between processors. */
const QEMU = {
  arm64: {
    program: 'qemu-system-aarch64',
    machine: ['-M', 'virt', '-cpu', 'cortex-a72'],
    console: 'ttyAMA0',
  },
  amd64: { program: 'qemu-system-x86_64', machine: ['-M', 'q35', '-cpu', 'max'], console: 'ttyS0' },
} as const

export type Arch = keyof typeof QEMU

export interface Emulated {
  /** ports of 127.0.0.1 that lead to the machine's */
  ports: { ssh: number; web: number; ssb: number }
  /** what the serial console has shown since power-on */
  console(): string
  /** Runs a line of shell as root. @throws if it fails or the machine is not there */
  sh(line: string): Promise<string>
  /** Ends the machine at once, as a power cut does. */
  cut(): Promise<void>
  /** Resolves when the machine has ended by itself. */
  ended: Promise<unknown>
}

/** Puts a file of this machine on the boot partition of an image. */
export function putOnBoot(disk: string, file: string, name: string): void {
  execFileSync('mcopy', ['-o', '-i', disk + BOOT, file, `::${name}`])
}

/** Reads a file of the boot partition of an image; empty if there is none. */
export function readBoot(disk: string, name: string): string {
  try {
    return execFileSync('mtype', ['-i', disk + BOOT, `::${name}`], { encoding: 'utf8', stdio: 'pipe' })
  } catch {
    return ''
  }
}

/** Powers a machine on; it is off when the test ends. @param key file of an SSH key that user-data names */
export async function powerOn(t: Test, arch: Arch, disk: string, key: string): Promise<Emulated> {
  const { program, machine, console } = QEMU[arch]
  const slot = /^os_prefix=([ab])\//m.exec(readBoot(disk, 'config.txt'))?.[1]
  for (const file of ['vmlinuz', 'initrd.img'])
    execFileSync('mcopy', ['-n', '-o', '-i', disk + BOOT, `::${slot}/${file}`, `${disk}.${file}`])
  const line = readBoot(disk, `${slot}/cmdline.txt`)
    .trim()
    .replace(/console=\S+ ?/g, '')
  const [first = 0, second = 0, third = 0] = await freePorts(3)
  const ports = { ssh: first, web: second, ssb: third }
  const forward = `hostfwd=tcp:127.0.0.1:${ports.ssh}-:22,hostfwd=tcp:127.0.0.1:${ports.web}-:80,hostfwd=tcp:127.0.0.1:${ports.ssb}-:8008`
  const kvm =
    process.env.TIDE_KVM === '1' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi']
  const args = [
    ...machine,
    ...kvm,
    '-smp',
    '2',
    '-m',
    '512',
    '-display',
    'none',
    '-monitor',
    'none',
    '-no-reboot',
  ]
  args.push('-serial', 'stdio', '-kernel', `${disk}.vmlinuz`, '-initrd', `${disk}.initrd.img`)
  // the emulation may need more than systemd's 90 s until it shows a disk or the console
  args.push('-append', `console=${console} ${line} systemd.default_device_timeout_sec=900`)
  args.push('-drive', `file=${disk},format=raw,if=none,id=card,cache=writeback`)
  args.push('-device', 'virtio-blk-pci,drive=card', '-netdev', `user,id=net,${forward}`)
  args.push('-device', 'virtio-net-pci,netdev=net')
  const qemu = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(qemu, 'exit')
  let shown = ''
  for (const stream of [qemu.stdout, qemu.stderr])
    stream.on('data', (chunk: Buffer) => {
      shown = (shown + chunk).slice(-200_000)
    })
  const cut = async (): Promise<void> => {
    if (qemu.exitCode === null && qemu.signalCode === null) qemu.kill('SIGKILL')
    await ended
  }
  t.teardown(cut)
  const ssh = ['-q', '-i', key, '-p', String(ports.ssh), 'debian@127.0.0.1']
  for (const option of ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ConnectTimeout=60'])
    ssh.unshift('-o', option)
  return {
    ports,
    ended,
    cut,
    console: () => shown,
    // as one word of a shell, whatever is in it
    sh: async (line) =>
      (await ran('ssh', [...ssh, `sudo sh -c '${line.replaceAll("'", `'\\''`)}'`], { timeout: 300_000 }))
        .stdout,
  }
}
