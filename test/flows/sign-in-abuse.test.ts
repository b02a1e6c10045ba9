// SPDX-License-Identifier: AGPL-3.0-or-later
// Abuse of sign-ins: crowds of waiting requests, members that take all places, and challenges solved too early.

import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import ssbKeys, { type Keys } from 'ssb-keys'
import t, { type Test } from 'tap'
import { SIGN_INS_WAITING, SOLUTION_MS, SOLUTIONS_AT_ONCE } from '../../src/lib/limits.js'
import { solve } from '../../src/ssb/http-auth.js'
import { UNANSWERED_PER_SOCKET } from '../../src/web/connection-limits.js'
import { createTestClock } from '../helpers/clock.js'
import { ssbUriIn, Visitor } from '../helpers/http.js'
import { signedIn } from '../helpers/member.js'
import { type BootedRelay, bootRelay, connectMember, until } from '../helpers/relay.js'

const challenge = (): string => randomBytes(32).toString('base64')
const addressOf = (id: string): string =>
  `/login?ssb-http-auth=1&cid=${encodeURIComponent(id)}&cc=${encodeURIComponent(challenge())}`

/** Sends requests on one socket without reading the answers. */
function crowd(t: Test, relay: BootedRelay, requests: number): void {
  const { port, host } = new URL(relay.webUrl)
  const socket = connect(Number(port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  for (let i = 0; i < requests; i++)
    socket.write(`GET ${addressOf(ssbKeys.generate().id)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
}

/** An app that signs every challenge. */
const willing = (relay: BootedRelay, keys: Keys) => ({
  httpAuth: {
    requestSolution: (sc: string, cc: string, cb: (err: null, sol: string) => void) =>
      cb(null, solve(keys, { server: relay.id, sc, cc })),
  },
})

t.test('a crowd that is held has an end, which tells nobody apart, and passes', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const keys = ssbKeys.generate()
  await connectMember(t, relay, { keys, api: willing(relay, keys) })
  const outcome = async (id: string): Promise<number> =>
    (await new Visitor(relay.webUrl).get(addressOf(id))).status
  t.equal(await outcome(keys.id), 200)
  for (let sent = 0; sent < SIGN_INS_WAITING; sent += UNANSWERED_PER_SOCKET)
    crowd(t, relay, UNANSWERED_PER_SOCKET)
  await until('all places to be taken', async () => {
    const reply = new Visitor(relay.webUrl).get(addressOf(keys.id))
    return (await reply).status === 503
  })
  t.equal(await outcome(ssbKeys.generate().id), 503, 'for whoever is no member, too, and at once')
  t.equal((await new Visitor(relay.webUrl).get('/login')).status, 200, 'a browser can begin one')
  clock.advance(SOLUTION_MS)
  await until('the crowd to have been sent away', async () => (await outcome(keys.id)) === 200)
})

t.test('one member’s app works on a few at a time, and keeps no other member from signing in', async (t) => {
  const relay = await bootRelay(t, { clock: createTestClock() })
  let asked = 0
  const slow = await connectMember(t, relay, {
    keys: ssbKeys.generate(),
    api: {
      httpAuth: {
        requestSolution() {
          asked += 1
        },
      },
    },
  })
  for (let i = 0; i < 100; i++) void new Visitor(relay.webUrl).get(addressOf(slow.id)).catch(() => {})
  const keys = ssbKeys.generate()
  await connectMember(t, relay, { keys, api: willing(relay, keys) })
  await until('its app to be asked', () => asked >= SOLUTIONS_AT_ONCE)
  t.equal((await new Visitor(relay.webUrl).get(addressOf(keys.id))).status, 200)
  t.equal(asked, SOLUTIONS_AT_ONCE)
})

t.test('what an app has solved ends with signing out everywhere, and with the membership', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const ends: Array<[string, (keys: Keys) => Promise<unknown>]> = [
    [
      'signed out everywhere',
      async (keys) =>
        t.equal((await (await signedIn(relay, 'member', keys)).does('session.closeAll')).status, 303),
    ],
    [
      'removed, and let in again',
      async ({ id }) => {
        await operator.membersRemove(id)
        await operator.membersAdd(id)
      },
    ],
    [
      'blocked, and let in again',
      async ({ id }) => {
        await operator.block(id, '')
        await operator.unblock(id)
        await operator.membersAdd(id)
      },
    ],
  ]
  for (const [name, end] of ends) {
    const keys = ssbKeys.generate()
    const app = await connectMember(t, relay, { keys })
    const browser = new Visitor(relay.webUrl)
    const sc = ssbUriIn((await browser.get('/login')).text).searchParams.get('sc') ?? ''
    const cc = challenge()
    t.equal(await app.rpc.httpAuth.sendSolution(sc, cc, solve(keys, { server: relay.id, sc, cc })), true)
    await end(keys)
    t.equal((await browser.get('/login')).status, 200, `${name}: it begins anew`)
    t.equal((await browser.get('/dashboard')).status, 401, name)
  }
})
