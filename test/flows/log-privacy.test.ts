// SPDX-License-Identifier: AGPL-3.0-or-later
// The log at `info` and above says what happened, without addresses of callers and without secrets.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { connectClient } from '../helpers/client.js'
import { bootRelay, connectMember } from '../helpers/relay.js'

/** Sends garbage to a port and waits until the connection is closed. */
async function babble(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.end(bytes)
  socket.resume()
  await once(socket, 'close')
}

t.test('callers of every kind leave no address and no secret in the log', async (t) => {
  const relay = await bootRelay(t, { setUp: false })
  const { setup_token } = await relay.operator.settings()
  await fetch(`${relay.webUrl}/setup?token=${setup_token}`)
  await relay.operator.setup({ name: 'Tidepool', description: '' })

  const page = await fetch(`${relay.webUrl}/invite/`, { headers: { 'x-forwarded-for': '203.0.113.7' } })
  const cookie = page.headers.get('set-cookie') ?? ''
  await fetch(`${relay.webUrl}/nowhere?secret=sand`)
  await babble(Number(new URL(relay.webUrl).port), Buffer.from('GET \0 HTTP/9\r\n\r\n'))
  await babble(relay.ssbPort, Buffer.alloc(64, 7))

  const { code } = await relay.operator.inviteCreate({})
  const alice = ssbKeys.generate()
  const guest = await connectClient({
    port: relay.ssbPort,
    relay: relay.id,
    keys: ssbKeys.generate('ed25519', parseInviteCode(code).seed),
  })
  await guest.rpc.invite.use({ feed: alice.id })
  await guest.close()
  const member = await connectMember(t, relay, { keys: alice })
  await t.rejects(member.rpc.follow('nonsense'))
  await member.close()
  await relay.close()

  const log = relay.lines.join('')
  t.match(log, alice.id, 'what happened is there')
  const [, seed = 'no seed'] = code.split('~')
  const { private: secret } = JSON.parse(
    readFileSync(join(relay.dataDir, 'secret'), 'utf8').replace(/^#.*$/gm, ''),
  )
  const session = /=([^;]+)/.exec(cookie)?.[1] ?? 'no session'
  for (const hidden of [
    '127.0.0.1',
    '203.0.113.7',
    '::1',
    'sand',
    setup_token ?? 'no token',
    seed,
    secret,
    session,
  ])
    t.notOk(log.includes(hidden), hidden.slice(0, 12))
})
