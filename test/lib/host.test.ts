// SPDX-License-Identifier: AGPL-3.0-or-later
// Hosts in invite codes: a host is dialable exactly if the parser of SSB clients accepts it.

import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import { isDialable } from '../../src/lib/host.js'
import { formatInviteCode } from '../../src/ssb/invite-code.js'
import { multiserverAddress } from '../../src/web/address.js'

const ref = createRequire(import.meta.url)('ssb-ref')
const RELAY = '@oD71cpT5VYwC7oEC1FVDkUWoZ1rTmzuZYOk0zHuC8wI=.ed25519'

const isCode = (host: string): boolean =>
  ref.isInvite(formatInviteCode({ host, port: 8008, relay: RELAY, seed: Buffer.alloc(32, 7) }))

t.test('hosts that people configure', async (t) => {
  const good = [
    'relay.example',
    'Relay.Example.org',
    'xn--bcher-kva.example',
    'localhost',
    'reef.local',
    'a.b-c.d1',
  ]
  for (const host of [...good, '192.0.2.7', '::1', '2001:db8::7', `${'a2'.repeat(28)}.onion`]) {
    t.ok(isDialable(host), host)
    t.ok(isCode(host), `${host}: an app takes the code`)
    t.ok(
      ref.isAddress(multiserverAddress(host, { id: RELAY }, { ssbPort: 8008 })),
      `${host}: and the address`,
    )
  }
  for (const host of [
    ...['a_b.example', '-x.example', 'x-.example', 'relay..example', 'fe80::1%eth0', 'relay', 'RELAY', ''],
    ...[
      'relay.example:8008',
      'a b.example',
      '1.2.3',
      '1.2.3.4.5',
      'foo.123',
      'ex.ämple',
      `${'x'.repeat(64)}.example`,
    ],
    ...[`${'x.'.repeat(130)}example`, '[::1]', 'relay.example@x', 'relay.example.', '.example', '~.example'],
  ])
    t.notOk(isDialable(host), host)
})

t.test('apps can read every dialable host', async () => {
  const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,8}$/)
  const host = fc.oneof(
    fc.array(label, { minLength: 1, maxLength: 4 }).map((all) => all.join('.')),
    fc.ipV4(),
    fc.ipV6(),
  )
  fc.assert(
    fc.property(host, (given) => !isDialable(given) || isCode(given)),
    { numRuns: 2000 },
  )
})
