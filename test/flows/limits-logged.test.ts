// SPDX-License-Identifier: AGPL-3.0-or-later
// A limit that is reached is logged once a minute, whichever part of the relay refuses.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { VOUCHED_PER_MEMBER } from '../../src/lib/limits.js'
import { Visitor } from '../helpers/http.js'
import { bootRelay, connectMember } from '../helpers/relay.js'

t.test('over muxrpc, on the pages and on the control socket', async (t) => {
  const relay = await bootRelay(t, { sets: ['invite.per_hour=0', 'invite.captcha=false'] })
  const events = (): Array<{ limit: string; count: number }> =>
    relay.lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'limit reached')

  // biome-ignore lint/suspicious/noExplicitAny: methods as the manifest names them
  const { rpc } = (await connectMember(t, relay, { keys: ssbKeys.generate() })) as any
  const follow = (): Promise<unknown> =>
    new Promise((resolve, reject) =>
      rpc.follow({ feed: ssbKeys.generate().id }, (err: unknown, value: unknown) =>
        err ? reject(err) : resolve(value),
      ),
    )
  for (let i = 0; i < VOUCHED_PER_MEMBER; i++) await follow()
  for (let i = 0; i < 3; i++) await t.rejects(follow(), /quota reached/)

  const visitor = new Visitor(relay.webUrl)
  await visitor.get('/invite/')
  for (let i = 0; i < 3; i++) await visitor.post('/invite/invite-captcha-reponse', { captcha: '' })
  t.match(events(), [
    { level: 40, limit: 'vouched_per_member', count: 1 },
    { level: 40, limit: 'web_invites', count: 1 },
  ])
})
