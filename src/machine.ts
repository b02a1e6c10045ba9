// The machine we run on: how wide its words are, which board it is, and whether it can carry a relay at all.

import { readFileSync } from 'node:fs'
import { machine } from 'node:os'
import { RelayError } from './errors.js'

/** Processors of 32 bits, as Node names them. */
const NARROW = ['arm', 'ia32', 'mips', 'mipsel', 'ppc', 's390']

/** Bytes of a word: 4 where a process has 4 GiB of addresses, 8 where there is no end to them. */
export const WORD_BYTES: 4 | 8 = NARROW.includes(process.arch) ? 4 : 8

/** Where a board's firmware leaves its name. */
const MODEL = '/proc/device-tree/model'

/** The board or the kind of machine, its processor and width: `Raspberry Pi 4 Model B Rev 1.4 (aarch64, 64 bit)`. */
export function describeMachine(kernel: string = machine(), model: string | null = readModel()): string {
  return `${model ?? 'a machine without a name'} (${kernel}, ${WORD_BYTES * 8} bit)`
}

/**
 * Why a relay cannot run on this machine, or null. The kernel is asked, not Node: the Node of Raspberry Pi OS is built
 * for the oldest boards and runs on the newer ones too.
 * @param kernel the kernel's word for the machine, as `uname -m` says it
 */
export function unfitMachine(kernel: string = machine()): string | null {
  return /^armv[1-6]/.test(kernel)
    ? `${kernel} (Raspberry Pi 1, Zero and Zero W): no library of ours is built for it; take a Pi 2, a Zero 2 W or newer`
    : null
}

/** @throws RelayError `machine_unsupported` where a relay cannot run */
export function requireFitMachine(kernel?: string): void {
  const unfit = unfitMachine(kernel)
  if (unfit) throw new RelayError('machine_unsupported', unfit)
}

function readModel(): string | null {
  try {
    return readFileSync(MODEL, 'utf8').replaceAll('\0', '').trim().slice(0, 80) || null
  } catch {
    return null
  }
}
