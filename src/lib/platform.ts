// The machine we run on: how wide its words are, which board it is, where it is reached, whether it can carry a relay.

import { readFileSync } from 'node:fs'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { hostname, machine, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
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

/**
 * The host by which others most likely reach what listens on an address: that address, or for "everything" the machine's
 * first one on a network, now. Of IPv6 it takes what is valid beyond the cable.
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

/** Whether what listens on an address is for this machine alone. */
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
  const bare = (address ?? '').replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(bare) !== 0 && NEARBY.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4')
}

/** Domains that routers give to their networks, and mDNS. */
const LAN_DOMAINS = ['local', 'lan', 'home.arpa', 'fritz.box']

/**
 * Names by which a machine is reached on its own network, in small letters.
 * @param name as `hostname` says it
 */
export function lanNames(name: string = hostname()): string[] {
  const whole = name.toLowerCase()
  const [first = ''] = whole.split('.')
  if (!/^[a-z0-9-]{1,63}$/.test(first) || first === 'localhost') return ['tidepool.local']
  return [...new Set([first, whole, ...LAN_DOMAINS.map((domain) => `${first}.${domain}`), 'tidepool.local'])]
}

/** Scheme, host and port as they stand in front of a path; the scheme's own port is not said. */
export function originOf(scheme: 'http' | 'https', host: string, port: number): string {
  // a URL object would not take every host that can be listened on, such as one with a zone
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
