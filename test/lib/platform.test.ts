// SPDX-License-Identifier: AGPL-3.0-or-later
// The platform: read from the kernel and the board's name; refused where there are no native builds.

import t from 'tap'
import {
  describeMachine,
  isLoopback,
  isNearby,
  originOf,
  placeOf,
  reachableHost,
  requireFitMachine,
  unfitMachine,
  WORD_BYTES,
} from '../../src/lib/platform.js'

t.test('unsupported boards', async (t) => {
  for (const kernel of ['armv6l', 'armv5tel']) t.match(unfitMachine(kernel), /Zero 2 W/, kernel)
  for (const kernel of ['armv7l', 'armv8l', 'aarch64', 'x86_64']) t.equal(unfitMachine(kernel), null, kernel)
  t.equal(unfitMachine(), null, 'this one can')
  t.throws(() => requireFitMachine('armv6l'), { code: 'machine_unsupported' })
  requireFitMachine()
})

t.test('addresses at which others reach a listener', async (t) => {
  const one = (address: string, more: object = {}) => ({
    ...{ address, netmask: '', mac: '', internal: false, cidr: null, scopeid: 0 },
    ...(address.includes(':')
      ? { family: 'IPv6' as const }
      : { family: 'IPv4' as const, scopeid: undefined }),
    ...more,
  })
  const lo = [one('127.0.0.1', { internal: true }), one('::1', { internal: true })]
  const cable = one('fe80::1', { scopeid: 2 })
  const at = (host: string, ...outer: Array<ReturnType<typeof one>>) =>
    // biome-ignore lint/suspicious/noExplicitAny: the two kinds of one
    reachableHost(host, { lo, eth0: outer } as any)
  t.equal(at('0.0.0.0', cable, one('2001:db8::1'), one('192.0.2.7'), one('192.0.2.8')), '192.0.2.7')
  t.equal(at('::', cable, one('2001:db8::1'), one('192.0.2.7')), '192.0.2.7')
  t.equal(at('::', cable, one('2001:db8::1')), '2001:db8::1', 'not the one that ends with the cable')
  t.equal(at('0.0.0.0', cable, one('2001:db8::1')), '127.0.0.1', 'nobody listens for IPv6')
  t.equal(at('::'), '127.0.0.1')
  t.equal(at('192.0.2.9', one('192.0.2.7')), '192.0.2.9')
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) t.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '192.0.2.7', '127.example.org', '']) t.notOk(isLoopback(host), host)
  t.equal(originOf('http', '2001:db8::1', 8080), 'http://[2001:db8::1]:8080')
  t.equal(originOf('http', 'x.onion', 80), 'http://x.onion')
  t.equal(originOf('https', 'x.example', 443), 'https://x.example')
  t.equal(originOf('https', 'x.example', 80), 'https://x.example:80')
  t.equal(originOf('http', 'fe80::1%eth0', 8080), 'http://[fe80::1%eth0]:8080', 'one can be listened on')
})

t.test('the name of the board', async (t) => {
  t.equal(
    describeMachine('aarch64', 'Raspberry Pi 4 Model B'),
    `Raspberry Pi 4 Model B (aarch64, ${WORD_BYTES * 8} bit)`,
  )
  t.match(describeMachine('x86_64', null), /without a name \(x86_64/)
})

t.test('addresses of private networks', async (t) => {
  for (const near of [
    '127.0.0.1',
    '192.168.1.5',
    '::ffff:10.0.0.1',
    '172.31.0.1',
    'fe80::1%eth0',
    'fd00::1',
    '::1',
  ])
    t.ok(isNearby(near), near)
  for (const far of ['1.1.1.1', '172.32.0.1', '2001:db8::1', '::ffff:9.9.9.9', '', undefined, 'localhost'])
    t.notOk(isNearby(far), String(far))
})

t.test('where a caller is', async (t) => {
  const rows = [
    ['127.0.0.1', '127.0.0.1', 'machine'],
    ['127.0.0.7', '127.0.0.1', 'machine'],
    ['::1', '::1', 'machine'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1', 'machine'],
    ['192.168.7.9', '192.168.7.9', 'machine'],
    ['::ffff:192.168.7.9', '192.168.7.9', 'machine'],
    ['fe80::1%eth0', 'fe80::1', 'machine'],
    ['192.168.7.8', '192.168.7.9', 'network'],
    ['::ffff:10.1.2.3', '::ffff:10.0.0.1', 'network'],
    ['172.31.255.255', '172.16.0.1', 'network'],
    ['fe80::2%eth0', 'fe80::1%eth0', 'network'],
    ['fd00::2', 'fd00::1', 'network'],
    ['203.0.113.7', '192.168.7.9', 'elsewhere'],
    ['100.64.0.1', '192.168.7.9', 'elsewhere'],
    ['172.32.0.1', '172.16.0.1', 'elsewhere'],
    ['2001:db8::7', '2001:db8::1', 'elsewhere'],
    ['203.0.113.7', '203.0.113.7', 'elsewhere'],
  ] as const
  for (const [remoteAddress, localAddress, place] of rows)
    t.equal(placeOf({ remoteAddress, localAddress }), place, `${remoteAddress} at ${localAddress}`)
  t.equal(placeOf({}), 'elsewhere', 'a socket that has closed')
})
