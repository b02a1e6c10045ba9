// SPDX-License-Identifier: AGPL-3.0-or-later
// Addresses that outgoing requests may reach. Strangers choose server names, so private ones need `matrix.allow`.

import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'

/** Networks that are not the public internet (IANA special-purpose registries). */
const PRIVATE: ReadonlyArray<readonly [network: string, bits: number]> = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]

export interface AddressRules {
  /** Whether an IP address may be called. */
  allows(address: string): boolean
  /** For sockets: resolves a name to the addresses that may be called. */
  lookup: typeof systemLookup
}

/** @param allowed networks (CIDR) that may be called although they are private */
export function createAddressRules(
  allowed: readonly string[],
  dns: typeof systemLookup = systemLookup,
): AddressRules {
  const [closed, open] = [new BlockList(), new BlockList()]
  const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
  for (const [network, bits] of PRIVATE) closed.addSubnet(network, bits, family(network))
  for (const cidr of allowed) {
    const [network = '', bits] = cidr.split('/')
    open.addSubnet(network, Number(bits), family(network))
  }

  function allows(address: string): boolean {
    // an IPv4-mapped IPv6 address is checked as IPv4
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
    const plain = mapped ?? address.replace(/%.*$/, '')
    if (isIP(plain) === 0) return false
    if (isIP(plain) === 6 && /^::ffff:/i.test(plain)) return false
    return open.check(plain, family(plain)) || !closed.check(plain, family(plain))
  }

  type Answer = (err: NodeJS.ErrnoException | null, address: unknown, family?: number) => void
  function lookup(host: string, options: unknown, callback?: unknown): void {
    const answer = (typeof options === 'function' ? options : callback) as Answer
    const all = typeof options === 'object' && options !== null && (options as { all?: boolean }).all === true
    dns(host, { all: true }, (err, found) => {
      if (err) return answer(err, all ? [] : '')
      const good = found.filter(({ address }) => allows(address))
      const [first] = good
      if (!first)
        return answer(
          Object.assign(new Error(`${host} has no public address`), { code: 'EPRIVATE' }),
          all ? [] : '',
        )
      if (all) answer(null, good)
      else answer(null, first.address, first.family)
    })
  }
  return { allows, lookup: lookup as typeof systemLookup }
}
