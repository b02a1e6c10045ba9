// SPDX-License-Identifier: AGPL-3.0-or-later
// Which Host headers are ours.

import { hostname } from 'node:os'
import t from 'tap'
import { lanNames } from '../../src/lib/platform.js'
import { ownHostname } from '../../src/web/own-hostnames.js'

const names = { domain: 'Pool.example', onion: 'abc.onion' }
const none = { domain: null, onion: null }
const machine = `${hostname().split('.')[0]?.toLowerCase()}.local`

t.test('a public listener accepts one hostname', async (t) => {
  t.equal(ownHostname('pool.example', '10.0.0.1', 'domain', names), 'pool.example')
  t.equal(
    ownHostname('POOL.example.:443', '10.0.0.1', 'domain', names),
    'pool.example',
    'case, last dot and port do not count',
  )
  t.equal(ownHostname('abc.onion', '127.0.0.1', 'onion', names), 'abc.onion')
  for (const [host, kind] of [
    ['abc.onion', 'domain'],
    ['pool.example', 'onion'],
    ['localhost', 'onion'],
    ['127.0.0.1', 'onion'],
    ['10.0.0.1', 'domain'],
  ] as const) {
    t.equal(ownHostname(host, '127.0.0.1', kind, names), null, `${host} on ${kind}`)
  }
  t.equal(ownHostname('pool.example', '127.0.0.1', 'domain', none), null, 'no name, no answer')
})

t.test('a local listener accepts our hostnames and its own address', async (t) => {
  const own = (header: string | undefined, local: string, given: typeof names | typeof none = names) =>
    ownHostname(header, local, 'local', given)
  t.equal(own('pool.example', '127.0.0.1'), 'pool.example')
  t.equal(own('abc.onion:80', '127.0.0.1'), 'abc.onion')
  t.equal(own('localhost:8080', '127.0.0.1'), 'localhost')
  t.equal(own('LOCALHOST', '::1'), 'localhost')
  t.equal(own('127.0.0.1', '::ffff:127.0.0.1'), '127.0.0.1')
  t.equal(own('[::1]:8080', '::1'), '::1')
  t.equal(own('192.168.7.9:8080', '192.168.7.9'), '192.168.7.9')
  t.equal(own('[fe80:0:0::1]', 'fe80::1%eth0'), 'fe80::1')
  t.equal(own(machine, '192.168.7.9'), machine)
  for (const [host, local] of [
    ['localhost', '192.168.7.9'],
    ['127.0.0.1', '192.168.7.9'],
    ['192.168.7.8', '192.168.7.9'],
    ['192.168.7.9', '127.0.0.1'],
    ['evil.example', '127.0.0.1'],
    ['localhost.evil.example', '127.0.0.1'],
    ['pool.example.evil.example', '127.0.0.1'],
  ] as const) {
    t.equal(own(host, local), null, `${host} at ${local}`)
  }
})

t.test('a listener on the network accepts the names of the machine there', async (t) => {
  const local = [...lanNames('Reef.example'), 'pool.lan']
  const names = { ...none, local }
  for (const name of [
    'reef',
    'reef.local',
    'REEF.lan:8080',
    'reef.home.arpa',
    'reef.fritz.box',
    'reef.example',
  ])
    t.equal(ownHostname(name, '192.168.7.9', 'local', names), name.toLowerCase().replace(/:.*/, ''))
  for (const name of ['tidepool.local', 'pool.lan'])
    t.equal(ownHostname(name, '10.0.0.1', 'local', names), name)
  for (const name of ['reef.evil.example', 'evil.lan', 'local', 'fritz.box'])
    t.equal(ownHostname(name, '192.168.7.9', 'local', names), null, name)
  for (const kind of ['domain', 'onion'] as const)
    t.equal(ownHostname('reef.lan', '192.168.7.9', kind, names), null, `not on the ${kind}`)
  t.same(lanNames('localhost'), ['tidepool.local'])
  t.same(lanNames('a_b'), ['tidepool.local'], 'which is no host name')
})

t.test('the listener for the local network has no name of other networks', async (t) => {
  const lan = [...lanNames('Reef'), 'pool.lan']
  const own = (header: string) => ownHostname(header, '192.168.7.9', 'lan', { ...names, lan })
  for (const name of ['tidepool.local', 'reef.local', 'reef', 'pool.lan', '192.168.7.9', machine])
    t.equal(own(name), name)
  // two boards of one name: mDNS numbers the second
  for (const name of ['tidepool-2.local', 'REEF-12.local'])
    t.equal(own(`${name}:80`), name.toLowerCase(), name)
  for (const name of [
    ...['pool.example', 'abc.onion', 'localhost', '127.0.0.1', '192.168.7.8', 'tidepool.example'],
    ...['tidepool-2.lan', 'tidepool-x.local', 'tidepool-2-3.local', 'other-2.local', 'x.tidepool.local'],
  ])
    t.equal(own(name), null, name)
})

t.test('malformed hosts are rejected', async (t) => {
  for (const host of [
    undefined,
    '',
    ':80',
    '[::1',
    'a b',
    'localhost:80:80',
    'localhost/x',
    'user@localhost',
    '[]',
    '.',
    '[1]',
    'x'.repeat(300),
    '__proto__',
  ]) {
    t.equal(ownHostname(host, '127.0.0.1', 'local', none), null, String(host))
  }
})
