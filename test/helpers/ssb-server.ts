// SPDX-License-Identifier: AGPL-3.0-or-later
// ssb-server 16 as Patchwork and pubs run it: flumedb, ssb-gossip, ssb-replicate and ssb-ebt. It is installed with the
// benchmarks' rivals, as nothing else here needs its 600 packages.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { KeyedMessage } from '../../src/ssb/message.js'
import { collect } from './client.js'
import { shortDir } from './relay.js'

const BENCH = fileURLToPath(new URL('../../bench/', import.meta.url))

/** Why tests with ssb-server are skipped; false if it is installed, and in CI, where it must be. */
export function lacksSsbServer(): string | false {
  if (existsSync(`${BENCH}node_modules/ssb-server`) || process.env.CI) return false
  return 'ssb-server is missing: npm --prefix bench ci --ignore-scripts'
}

/** What its `start` command loads that has to do with peers. */
const PLUGINS = ['ssb-gossip', 'ssb-replicate', 'ssb-friends', 'ssb-invite', 'ssb-ebt']

export interface SsbServer {
  id: string
  address: string
  // biome-ignore lint/suspicious/noExplicitAny: ssb-server's api grows with every plugin
  ssb: any
  publish(content: Record<string, unknown>): Promise<KeyedMessage>
  follow(id: string): Promise<KeyedMessage>
  /** Texts of the posts of a feed in its own database. */
  posts(feed: string): Promise<string[]>
  /** The feeds that it has published a follow of. */
  contacts(): Promise<string[]>
  connect(address: string): Promise<void>
  /** Uses an invite code, as `ssb-server invite.accept CODE` does. */
  acceptInvite(code: string): Promise<unknown>
  close(): Promise<void>
}

export async function openSsbServer(t: Test): Promise<SsbServer> {
  const require = createRequire(`${BENCH}package.json`)
  const create = require('ssb-server')
  const path = await shortDir(t)
  const config = require('ssb-config/inject')('ssb', {
    path,
    host: '127.0.0.1',
    port: 0,
    keys: require('ssb-keys').generate(),
    gossip: { local: false, seed: false, friends: false, global: false },
    logging: { level: 'error' },
    connections: {
      incoming: { net: [{ scope: 'device', transform: 'shs', host: '127.0.0.1', port: 0 }] },
      outgoing: { net: [{ transform: 'shs' }] },
    },
  })
  // ssb-gossip looks at the addresses of peers in a timer, and throws if one has called and has none
  const ip = require('ip')
  const { isPrivate } = ip
  ip.isPrivate = (address: unknown) => typeof address === 'string' && isPrivate(address)
  // the stack is shared by all that require it, and plugins may be added once
  if (!create.isReady) for (const plugin of PLUGINS) create.use(require(plugin))
  create.isReady = true
  const ssb = create(config)
  const call = <T>(method: (...args: unknown[]) => void, ...args: unknown[]): Promise<T> =>
    new Promise((resolve, reject) =>
      method(...args, (err: Error | null, value: T) => (err ? reject(err) : resolve(value))),
    )
  const contentsOf = async (feed: string, type: string): Promise<Array<Record<string, unknown>>> => {
    const messages = await collect<KeyedMessage>(ssb.createUserStream({ id: feed }))
    return messages
      .map(({ value }) => value.content as unknown as Record<string, unknown>)
      .filter((content) => content.type === type)
  }
  let open = true
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    await new Promise((resolve) => ssb.close(true, resolve))
  }
  t.teardown(close)
  return {
    id: ssb.id,
    ssb,
    address: ssb.getAddress('device'),
    publish: (content) => call(ssb.publish, content),
    follow: (contact) => call(ssb.publish, { type: 'contact', contact, following: true }),
    posts: async (feed) => (await contentsOf(feed, 'post')).map(({ text }) => text as string),
    contacts: async () => (await contentsOf(ssb.id, 'contact')).map(({ contact }) => contact as string),
    connect: (address) => call(ssb.connect, address),
    acceptInvite: (code) => call(ssb.invite.accept, code),
    close,
  }
}
