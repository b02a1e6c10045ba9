// SPDX-License-Identifier: AGPL-3.0-or-later
// The machine: its word size, board and network addresses, and whether it is supported.

import { readFileSync } from 'node:fs'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { hostname, machine, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { RelayError } from './errors.js'

/** Processors of 32 bits, as Node names them. */
const NARROW = ['arm', 'ia32', 'mips', 'mipsel', 'ppc', 's390']

/** Bytes of a word: 4 or 8. A process has at most 4 GiB of addresses with 4. */
export const WORD_BYTES: 4 | 8 = NARROW.includes(process.arch) ? 4 : 8

/** File in which a board's firmware reports its name. */
const MODEL = '/proc/device-tree/model'

/** The board or the kind of machine, its processor and width: `Raspberry Pi 4 Model B Rev 1.4 (aarch64, 64 bit)`. */
export function describeMachine(kernel: string = machine(), model: string | null = readModel()): string {
  return `${model ?? 'a machine without a name'} (${kernel}, ${WORD_BYTES * 8} bit)`
}

/**
 * Why a relay cannot run on this machine, or null. Checks the kernel, not Node: the Node of Raspberry Pi OS is built for
 * the oldest boards and also runs on newer ones.
 * @param kernel the machine name, as in `uname -m`
 */
export function unfitMachine(kernel: string = machine()): string | null {
  return /^armv[1-6]/.test(kernel)
    ? `${kernel} (Raspberry Pi 1, Zero and Zero W): no library of ours is built for it; take a Pi 2, a Zero 2 W or newer`
    : null
}

/** @throws RelayError `machine_unsupported` if a relay cannot run here */
export function requireFitMachine(kernel?: string): void {
  const unfit = unfitMachine(kernel)
  if (unfit) throw new RelayError('machine_unsupported', unfit)
}

/**
 * The host at which others most likely reach a listener: its address, or for a wildcard address the machine's first
 * network address. Link-local IPv6 addresses are skipped.
 */
export function reachableHost(
  host: string,
  own: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const outer = Object.values(own).flatMap((list) => (list ?? []).filter(({ internal }) => !internal))
  const first = (wanted: (one: NetworkInterfaceInfo) => boolean) => outer.find(wanted)?.address
  const four = first(({ family }) => family === 'IPv4')
  const six = host === '::' ? first((one) => one.family === 'IPv6' && one.scopeid === 0) : undefined
  return four ?? six ?? '127.0.0.1'
}

/** Whether a listener on this address is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

const NEARBY = new BlockList()
for (const [net, bits] of [
  ...[['127.0.0.0', 8] as const, ['10.0.0.0', 8] as const, ['172.16.0.0', 12] as const],
  ...[['192.168.0.0', 16] as const, ['169.254.0.0', 16] as const],
])
  NEARBY.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [['::1', 128] as const, ['fe80::', 10] as const, ['fc00::', 7] as const])
  NEARBY.addSubnet(net, bits, 'ipv6')

/** Whether an address is of this machine or of a private network (RFC 1918, 3927, 4193, 4291). */
export function isNearby(address: string | undefined): boolean {
  const bare = bareAddress(address)
  return isIP(bare) !== 0 && NEARBY.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4')
}

/** Where a caller is: on this machine, on its local network, or elsewhere. */
export type CallerPlace = 'machine' | 'network' | 'elsewhere'

/**
 * Where the other end of a socket is, by its address. A caller from the socket's own address is this machine, too: a
 * proxy that runs here may use any of our addresses.
 */
export function placeOf({
  remoteAddress,
  localAddress,
}: {
  remoteAddress?: string | undefined
  localAddress?: string | undefined
}): CallerPlace {
  if (!isNearby(remoteAddress)) return 'elsewhere'
  const remote = bareAddress(remoteAddress)
  return isLoopback(remote) || remote === bareAddress(localAddress) ? 'machine' : 'network'
}

/** An IP address without its zone; an IPv4 address on a dual-stack socket looks like `::ffff:1.2.3.4`. */
function bareAddress(address = ''): string {
  return address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
}

/** This machine's IPv4 addresses on private networks: those by which its local network reaches it. */
export function nearbyAddresses(own: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces()): string[] {
  return Object.values(own)
    .flatMap((list) => list ?? [])
    .filter(({ internal, family, address }) => !internal && family === 'IPv4' && isNearby(address))
    .map(({ address }) => address)
}

/** Domains that routers use for local networks, and mDNS. */
const LAN_DOMAINS = ['local', 'lan', 'home.arpa', 'fritz.box']

/**
 * Names of a machine on its local network, in lower case.
 * @param name as in `hostname`
 */
export function lanNames(name: string = hostname()): string[] {
  const whole = name.toLowerCase()
  const [first = ''] = whole.split('.')
  if (!/^[a-z0-9-]{1,63}$/.test(first) || first === 'localhost') return ['tidepool.local']
  return [...new Set([first, whole, ...LAN_DOMAINS.map((domain) => `${first}.${domain}`), 'tidepool.local'])]
}

/** The origin of a URL: scheme, host and port. The default port of the scheme is left out. */
export function originOf(scheme: 'http' | 'https', host: string, port: number): string {
  // URL rejects some hosts that one can listen on, such as one with a zone
  const own = { http: 80, https: 443 }[scheme]
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}${port === own ? '' : `:${port}`}`
}

function readModel(): string | null {
  try {
    return readFileSync(MODEL, 'utf8').replaceAll('\0', '').trim().slice(0, 80) || null
  } catch {
    return null
  }
}
