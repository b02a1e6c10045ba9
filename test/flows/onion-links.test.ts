// SPDX-License-Identifier: AGPL-3.0-or-later
// Links given through the onion name the onion: visitors need not learn, nor pass on, the relay's other addresses.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { inviteLink } from '../../src/ssb/links.js'
import { connectClient } from '../helpers/client.js'
import { bootRelay, connectMember, until } from '../helpers/relay.js'
import { openFakeControl } from '../onion/fake-control.js'

test('an invite and a name, by the onion and otherwise', async (t) => {
  const control = await openFakeControl(t)
  const relay = await bootRelay(t, {
    sets: [
      'onion.enabled=true',
      `onion.cookie=${control.cookieFile}`,
      `onion.tor=${control.where}`,
      'domain.name=relay.example.org',
      'domain.proxy=127.0.0.1',
    ],
  })
  const port = await until('tor to be told of the listener for apps', () => {
    const add = control.commands.find((line) => line.startsWith('ADD_ONION'))
    return Number(/Port=8008,127\.0\.0\.1:(\d+)/.exec(add ?? '')?.[1] ?? 0)
  })
  const address = await until('an address', async () => String((await relay.status()).onion.address ?? ''))
  control.event(`HS_DESC UPLOADED ${address.replace('.onion', '')} UNKNOWN $AA~a b hsdir`)
  const site = await until('it to be found', async () =>
    (await relay.status()).addresses.onion?.replace(/\/$/, ''),
  )
  const keys = ssbKeys.generate()
  const outside = await connectMember(t, relay, { keys })
  const inside = await connectClient({ port, relay: relay.id, keys })
  t.teardown(() => inside.close())
  const clear = 'https://relay.example.org'
  for (const [client, from, host] of [
    [outside, clear, 'relay.example.org'],
    [inside, site, new URL(site).hostname],
  ] as const) {
    const { link, code } = await client.rpc.room.createInvite({})
    const { seed, ...rest } = parseInviteCode(code)
    t.equal(rest.host, host)
    t.equal(link, inviteLink(from, seed))
    const signature = signRegistration(keys, relay.id, 'bob')
    t.equal(await client.rpc.room.registerAlias('bob', signature), `${from}/alias/bob`)
  }
  const { link } = await relay.operator.inviteCreate({ host: new URL(site).hostname })
  t.equal(new URL(link).origin, site, 'also where the operator asks for it')
  t.equal(new URL((await relay.operator.inviteCreate({})).link).origin, clear)
})
