// SPDX-License-Identifier: AGPL-3.0-or-later
// A real peer over a real store, listening on a free port of 127.0.0.1, with a clock that the test moves.

import { connect } from 'node:net'
import type { Keys } from 'ssb-keys'
import { HOUR, MIB } from '../../src/lib/limits.js'
import type { Log } from '../../src/lib/log.js'
import { createPeer, type Peer } from '../../src/peer/peer.js'
import type { Plugin } from '../../src/peer/plugin-host.js'
import { createRecovery, type Recovery } from '../../src/peer/recovery.js'
import { createSignInBridge, type SignInBridge } from '../../src/room/sign-in.js'
import type { TunnelCaps } from '../../src/room/tunnels.js'
import { aliasLink, inviteLink } from '../../src/ssb/links.js'
import { type Client, type ClientOptions, connectClient } from './client.js'
import { openTestStore, silentLog, type TestStore } from './store.js'

export interface TestPeer extends TestStore {
  peer: Peer
  recovery: Recovery
  signIn: SignInBridge
  port: number
  /** connects with a key pair of the test's; the connection is closed with the test */
  connect(keys?: Keys, api?: ClientOptions['api'], manifest?: ClientOptions['manifest']): Promise<Client>
  follow(id: string): Promise<unknown>
}

export async function startTestPeer(
  t: { teardown(fn: () => unknown): void },
  caps: Partial<TunnelCaps> = {},
  /** path of the mark of a restore */
  mark = '',
  {
    plugins = [],
    log = silentLog,
    ebt = false,
  }: { plugins?: readonly Plugin[]; log?: Log; ebt?: boolean } = {},
): Promise<TestPeer> {
  const opened = await openTestStore(t)
  const { store, keys, clock } = opened
  const recovery = createRecovery({ store, clock, log: silentLog }, { own: keys.id, mark })
  t.teardown(() => recovery.close())
  const signIn = createSignInBridge(clock, keys.id, store.members.has)
  t.teardown(() => signIn.close())
  const peer = await createPeer(
    { store, keys, clock, log, recovery, signIn },
    {
      address: () => ({ host: '127.0.0.1', port: 8008 }),
      expiresDays: () => 7,
      inviteLink: (seed) => inviteLink('https://pool.example', seed),
      aliasLink: (alias) => aliasLink('https://pool.example', alias, false),
      name: () => 'Rock pool',
      plugins,
      connectTo: async (at) => connect(at),
      ebt,
      tunnels: { total: 8, perPeer: 4, bytes: 64 * MIB, ms: HOUR, ...caps },
    },
  )
  t.teardown(() => peer.close())
  const { port } = await peer.listen({ name: 'public', host: '127.0.0.1', port: 0 })
  return Object.assign(opened, {
    peer,
    recovery,
    signIn,
    port,
    async connect(keys?: Keys, api?: ClientOptions['api'], manifest?: ClientOptions['manifest']) {
      const client = await connectClient({
        port,
        relay: peer.id,
        ...(keys ? { keys } : {}),
        ...(api ? { api } : {}),
        ...(manifest ? { manifest } : {}),
      })
      t.teardown(() => client.close())
      return client
    },
    follow: (id: string) => store.members.follow(id, { by: 'operator', voucher: null, note: '' }),
  })
}
