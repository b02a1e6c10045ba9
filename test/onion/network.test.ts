// SPDX-License-Identifier: AGPL-3.0-or-later
// A relay in a complete Tor network: captcha, invite, follow, history, tunnel and another relay over its onion, restarts.

import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { solve } from '../../src/ssb/http-auth.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { kept, openApp } from '../helpers/app.js'
import { connectClient } from '../helpers/client.js'
import { ssbUriIn, titleOf } from '../helpers/http.js'
import { lacks } from '../helpers/programs.js'
import { type BootedRelay, bootRelay, knownCaptchas, shortDir } from '../helpers/relay.js'
import { connectRoomClient } from '../helpers/room-client.js'
import { solveCaptcha } from '../helpers/room-visitor.js'
import { until } from '../helpers/wait.js'
import { startNetwork, torPid } from './private-network.js'
import { OnionVisitor, through } from './through.js'

const isOut = async (relay: BootedRelay): Promise<boolean> =>
  /^(published|reachable)$/.test((await relay.status()).onion.state)
const published = (relay: BootedRelay) => until('the onion to be published', () => isOut(relay), 120_000)

// consensus takes time, more so on a busy machine
t.setTimeout(300_000)

t.test('over the onion', { skip: lacks('tor', 'tor') }, async (t) => {
  const network = await startNetwork(t)
  t.comment(`the network was ready after ${network.bootMs} ms`)
  const captchas = knownCaptchas()
  const extra = join(await shortDir(t), 'extra')
  writeFileSync(extra, `${network.torrc}SocksPort auto\n`)
  const sets = ['onion.enabled=true', `onion.extra_torrc=${extra}`]
  const relay = await bootRelay(t, { sets, drawCaptcha: captchas.draw })
  t.match((await relay.status()).onion.state, /^(starting|bootstrapping)$/, 'the start does not wait for tor')
  const began = Date.now()
  await published(relay)
  t.comment(`the onion was published after ${Date.now() - began} ms`)
  const { addresses, onion } = await relay.status()
  const address = onion.address as string
  t.equal(addresses.onion, `http://${address}/`)
  t.ok(addresses.ssb.includes(`onion:${address}:8008~shs:${relay.id.slice(1, -8)}`))

  const web = await through(t, network.socksPort, address, 80)
  const ssb = await through(t, network.socksPort, address, 8008)
  const visitor = new OnionVisitor(web, address)
  // one descriptor is published before the others: a client may ask a directory that has none yet
  const front = await until('the pages', () => visitor.get('/').catch(() => null), 60_000)
  t.equal(front.status, 200)
  t.match(front.text, `onion:${address}:8008~shs:`)

  const solved = await solveCaptcha(visitor, captchas)
  const code = titleOf(solved.text) ?? ''
  const invite = parseInviteCode(code)
  t.match(invite, { host: address, port: 8008, relay: relay.id })

  const app = await openApp(t)
  await app.write(30)
  const at = { port: ssb, relay: relay.id }
  const guest = await connectClient({ ...at, keys: ssbKeys.generate('ed25519', invite.seed) })
  const follow = await guest.rpc.invite.use({ feed: app.id })
  t.match(follow.value.content, { type: 'contact', contact: app.id, following: true })
  await guest.close()

  const connection = await app.connect(at)
  connection.replicate([relay.id])
  await kept(relay.operator, app.id, 30, 60_000)
  const friend = await openApp(t)
  await relay.operator.membersAdd(friend.id)
  const reading = await friend.connect(at)
  const { added, failures } = reading.replicate([app.id])
  await until('the history at a friend', () => added.get(app.id) === 30, 60_000)
  t.same(failures, [])

  const one = await connectRoomClient(t, relay, { port: ssb })
  const target = await connectRoomClient(t, relay, { port: ssb })
  await until('both to attend', async () => (await relay.status()).online >= 2)
  const dialled = await one.dial(target.id)
  t.same(await new Promise((resolve) => dialled.rpc.whoami((_: unknown, me: unknown) => resolve(me))), {
    id: target.id,
  })
  await until('the visitor', () => target.visitors.length === 1)
  t.equal(target.visitors[0]?.id, one.id)

  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  const signed = (sc: string, cc: string): string => solve(keys, { server: relay.id, sc, cc })
  const requestSolution = (sc: string, cc: string, cb: (err: null, solution: string) => void): void =>
    cb(null, signed(sc, cc))
  const member = await connectClient({ ...at, keys, api: { httpAuth: { requestSolution } } })
  const { searchParams } = ssbUriIn((await visitor.get('/login')).text)
  t.match(searchParams.get('multiserverAddress'), `onion:${address}:8008~shs:`)
  const [sc, cc] = [searchParams.get('sc') ?? '', randomBytes(32).toString('base64')]
  t.equal(await member.rpc.httpAuth.sendSolution(sc, cc, signed(sc, cc)), true)
  t.equal((await visitor.get('/login')).headers.location, '/dashboard', 'a sign-in that the browser began')
  t.equal((await visitor.get('/dashboard')).status, 200)
  const byApp = new OnionVisitor(web, address)
  const begun = new URLSearchParams({ cid: keys.id, cc: randomBytes(32).toString('base64') })
  t.equal((await byApp.get(`/login?${begun}`)).status, 200, 'and one that the app began')
  t.equal((await byApp.get('/dashboard')).status, 200)
  await member.close()

  await until(
    'the relay to have reached itself',
    async () => (await relay.status()).onion.state === 'reachable',
    60_000,
  )

  // another relay, whose tor opens a SOCKS port when it calls
  writeFileSync(`${extra}-other`, network.torrc)
  const other = await bootRelay(t, { sets: ['onion.enabled=true', `onion.extra_torrc=${extra}-other`] })
  await published(other)
  await relay.operator.membersShare(app.id, true)
  const { code: forRelay } = await relay.operator.inviteCreate({ host: address })
  await until(
    'the invite to be used',
    () => other.operator.peerAdd(forRelay, 'both').catch(() => null),
    60_000,
  )
  await relay.operator.peerAdd(other.id, 'both')
  const keptThere = async () => (await other.operator.membersList()).find(({ id }) => id === app.id)?.messages
  await until('the feed at the other relay', async () => (await keptThere()) === 30, 90_000)
  t.match(await other.operator.peerList(), [{ id: relay.id, address: `${address}:8008`, connected: true }])

  const pid = torPid(relay.dataDir) as number
  t.comment(/VmRSS:.*/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[0], 'of tor')
  process.kill(pid, 'SIGKILL')
  const killed = Date.now()
  await until('it to be noticed', async () => !(await isOut(relay)))
  t.equal((await relay.status()).addresses.onion, null)
  await published(relay)
  t.comment(`tor was killed, and the address was published again after ${Date.now() - killed} ms`)
  t.equal((await relay.status()).onion.address, address)
  // a client's tor that tried in between takes up to two minutes to try the same introduction points again
  await until(
    'the pages',
    async () => (await visitor.get('/healthz').catch(() => null))?.text === 'ok',
    150_000,
  )
  t.comment(`and reached after ${Date.now() - killed} ms`)
  t.not(torPid(relay.dataDir), pid)

  await relay.restart()
  t.equal((await relay.status()).onion.address ?? address, address)
  await published(relay)
  t.equal((await relay.status()).onion.address, address, 'the same after a restart')
  await relay.close()
  t.equal(torPid(relay.dataDir), undefined, 'tor goes with the relay')
  t.equal(await keptThere(), 30, 'the other relay keeps the feed')
  t.match(
    await until(
      'the failed call',
      async () => (await other.operator.peerList()).find(({ reason }) => reason),
      150_000,
    ),
    {
      connected: false,
    },
  )
})
