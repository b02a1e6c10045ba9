// SPDX-License-Identifier: AGPL-3.0-or-later
// Checks of configuration values. Each returns what is wrong, or null.

import { isIP } from 'node:net'

/** Returns what is wrong with a value, or null. */
export type Check = (value: never) => string | null

const HOST = /^[A-Za-z0-9._:%-]{1,255}$/
const NAME =
  /^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/

/** A whole number in a range. */
export const between =
  (least: number, most: number): Check =>
  (value: number) =>
    Number.isSafeInteger(value) && value >= least && value <= most
      ? null
      : `must be a whole number from ${least} to ${most}`
/** Text of a form. @param words what it must be */
export const matching =
  (form: RegExp, words: string): Check =>
  (value: string) =>
    form.test(value) ? null : `must be ${words}`
/** A TCP port; 0 takes a free one. */
export const port = between(0, 65_535)
/** The address of a listener. */
export const host = matching(HOST, 'a host name or an IP address')
/** The path of a file. */
export const path: Check = (value: string) => (value.includes('\0') ? 'must be a path' : null)

/** Host names with commas between them. */
export const hostNames: Check = (value: string) =>
  value.split(',').every((name) => NAME.test(name.trim()))
    ? null
    : 'must be host names such as pool.lan, separated by commas'

/** `spawn`, or the control port of a tor. */
export const torControl: Check = (value: string) =>
  value === 'spawn' || /^unix:\/[^\0]+$/.test(value) || isHostPort(value)
    ? null
    : 'must be spawn, unix:/PATH or HOST:PORT'

/** Networks in CIDR notation. */
export const networks: Check = (value: readonly string[]) =>
  value.map(networkProblem).find((problem) => problem !== null) ?? null

function isHostPort(value: string): boolean {
  const [, hostPart = '', portPart = ''] = /^(.+):(\d{1,5})$/.exec(value) ?? []
  return HOST.test(hostPart) && Number(portPart) >= 1 && Number(portPart) <= 65_535
}

/** Returns what is wrong with a network, or null. */
function networkProblem(cidr: string): string | null {
  const [address = '', bits = ''] = cidr.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most
    ? null
    : 'must be a list of networks such as 10.0.0.0/8'
}
