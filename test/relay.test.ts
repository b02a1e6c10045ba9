// SPDX-License-Identifier: AGPL-3.0-or-later
// The whole relay: what it needs to start, its status, and that nothing is left after it closes.

import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { loadConfig } from '../src/config/config.js'
import { createRelay, VERSION } from '../src/relay.js'
import { parseInviteCode } from '../src/ssb/invite-code.js'
import { claimUri } from '../src/ssb/links.js'
import { createTestClock } from './helpers/clock.js'
import { bootRelay, connectMember, shortDir, until } from './helpers/relay.js'
import { silentLog } from './helpers/store.js'

const config = (...sets: string[]) =>
  loadConfig({ sets: ['ssb.host=127.0.0.1', 'ssb.port=0', 'web.port=0', 'whois.port=0', ...sets] })

t.test('status says who and where it is', async (t) => {
  const relay = await bootRelay(t)
  const status = await relay.status()
  t.match(status, {
    id: /^@.{44}\.ed25519$/,
    pid: process.pid,
    version: VERSION,
    mode: 'open',
    members: 0,
    online: 0,
    tunnels: 0,
    feeds: 0,
    messages: 0,
    message_bytes: 0,
    onion: { state: 'disabled' },
    addresses: {
      ssb: [/^net:127\.0\.0\.1:\d+~shs:.{44}$/],
      web: /^http:\/\/127\.0\.0\.1:\d+/,
      https: null,
      onion: null,
      whois: /^http:\/\/127\.0\.0\.1:\d+$/,
    },
  })
  for (const field of ['uptime_s', 'max_bytes', 'db_bytes', 'rss_bytes'] as const)
    t.type(status[field], 'number')
  t.equal(statSync(relay.dataDir).mode & 0o777, 0o700)
  t.equal(statSync(join(relay.dataDir, 'control.sock')).mode & 0o777, 0o600)
})

t.test('closing leaves no timer, no socket and no file but the data', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  await relay.close()
  t.equal(clock.pending(), 0)
  t.notOk(existsSync(join(relay.dataDir, 'control.sock')))
  await relay.close()
})

t.test('a restart keeps the identity; the socket a killed relay left is no obstacle', async (t) => {
  const relay = await bootRelay(t)
  const { id, dataDir } = relay
  await relay.close()
  // what kill -9 leaves: a socket without a listener
  const left = createServer()
  await new Promise<void>((resolve) => left.listen(join(dataDir, 'ghost'), resolve))
  renameSync(join(dataDir, 'ghost'), join(dataDir, 'control.sock'))
  await new Promise((resolve) => left.close(resolve))
  t.ok(existsSync(join(dataDir, 'control.sock')))
  await relay.restart()
  t.equal(relay.id, id)
})

t.test('one data directory, one relay', async (t) => {
  const relay = await bootRelay(t)
  const second = createRelay({ config: config(), dataDir: relay.dataDir, log: silentLog })
  await t.rejects(second, { code: 'relay_running' })
  t.match(await relay.status(), { id: relay.id }, 'the first goes on')
})

t.test('a relay that has lost its store does not begin a second feed', async (t) => {
  const relay = await bootRelay(t)
  const { dataDir } = relay
  await relay.restart()
  await relay.operator.membersAdd(ssbKeys.generate().id)
  await relay.close()
  t.ok(existsSync(join(dataDir, 'feed-begun')))
  rmSync(join(dataDir, 'db'), { recursive: true })
  await t.rejects(createRelay({ config: config(), dataDir, log: silentLog }), {
    code: 'data_unusable',
    message: /restore a backup/,
  })
  rmSync(join(dataDir, 'feed-begun'))
  await relay.restart()
  t.match(await relay.status(), { members: 0 }, 'unless it is told to')
})

t.test('what cannot start says why, and leaves nothing running', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as { port: number }
  for (const key of ['ssb.port', 'web.port', 'whois.port']) {
    const dataDir = await shortDir(t)
    const clock = createTestClock()
    const start = createRelay({ config: config(`${key}=${port}`), dataDir, log: silentLog }, { clock })
    await t.rejects(start, { code: 'address_unusable' }, key)
    t.equal(clock.pending(), 0)
    t.notOk(existsSync(join(dataDir, 'control.sock')))
  }
  const dataDir = await shortDir(t)
  rmSync(dataDir, { recursive: true })
  writeFileSync(dataDir, 'a file')
  await t.rejects(createRelay({ config: config(), dataDir, log: silentLog }), { code: 'data_unusable' })
})

t.test('the operator’s invites name an address that can be reached', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const made = await operator.inviteCreate({ uses: 3, note: 'pier', expires_days: 1 })
  t.match(parseInviteCode(made.code), { host: '127.0.0.1', port: relay.ssbPort, relay: relay.id })
  t.match(made, { uses: 3, used: 0, note: 'pier', state: 'live', by: 'operator' })
  const other = await operator.inviteCreate({ host: 'relay.example.org' })
  t.equal(parseInviteCode(other.code).host, 'relay.example.org')
  t.same((await operator.inviteList()).map(({ id }) => id).sort(), [made.id, other.id].sort())
  t.match(await operator.inviteRevoke(made.code), { id: made.id, state: 'revoked' }, 'by its code')
  t.match(await operator.inviteRevoke(other.id), { state: 'revoked' }, 'or by its id')
  const [linked, handed] = [await operator.inviteCreate({}), await operator.inviteCreate({})]
  t.match(await operator.inviteRevoke(linked.link), { id: linked.id, state: 'revoked' }, 'or by its link')
  const token = new URL(handed.link).searchParams.get('invite') as string
  const uri = claimUri(token, 'http://pool.example/join')
  t.match(await operator.inviteRevoke(uri), { id: handed.id }, 'or by what its page hands to an app')
  for (const wrong of [
    ...['a b', 7, '192.168.1.5:8008', 'a:80', '999.1.1.1', '1.2.3.4.5'].map((host) => ({ host })),
    { uses: 'many' },
    { uses: 0 },
    { expires_days: -1 },
    { note: {} },
  ]) {
    await t.rejects(operator.inviteCreate(wrong as object), { code: 'bad_argument' }, JSON.stringify(wrong))
  }
  for (const wrong of ['nonsense', 'http://pool.example/join', `${made.link}x`])
    await t.rejects(operator.inviteRevoke(wrong), { code: 'invite_malformed' }, wrong)
})

t.test('the operator sees who was here when', async (t) => {
  const clock = createTestClock(Date.UTC(2026, 5, 1))
  const relay = await bootRelay(t, { clock })
  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  t.match(await relay.operator.membersList(), [{ online: false, seen: null }])
  const member = await connectMember(t, relay, { keys })
  await until('that they are here', async () => (await relay.operator.membersList())[0]?.seen === clock.now())
  t.match(await relay.operator.membersList(), [{ online: true }])
  await member.close()
})

t.test('doctor examines, and rebuild proves the index', async (t) => {
  const { operator } = await bootRelay(t)
  const report = await operator.doctor({})
  t.ok(report.ok, JSON.stringify(report.checks))
  t.same(
    report.checks.map(({ name }) => name),
    ['node', 'clock', 'disk', 'descriptors', 'store', 'feeds'],
  )
  const quick = await operator.doctor({ quick: true })
  t.notOk(
    quick.checks.some(({ name }) => name === 'store'),
    'the whole store is not read',
  )
  const rebuilt = await operator.doctor({ rebuild: true })
  t.match(rebuilt.checks.at(-1), {
    name: 'rebuild',
    ok: true,
    detail: /no differences from the relay's feed/,
  })
})

t.test('a clock that was never set is found', async (t) => {
  const { operator } = await bootRelay(t, { clock: createTestClock(1000) })
  const report = await operator.doctor({})
  t.match(report, { ok: false })
  t.match(
    report.checks.find(({ name }) => name === 'clock'),
    { ok: false, detail: /1970/ },
  )
})

t.test('a reload applies what it can and names what waits', async (t) => {
  const { relay } = await bootRelay(t)
  t.same(relay.reload(config('invite.per_hour=1', 'ssb.host=127.0.0.2', 'log.level=silent')), {
    applied: ['invite.per_hour', 'log.level'],
    needs_restart: ['ssb.host'],
  })
})
