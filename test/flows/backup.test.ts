// SPDX-License-Identifier: AGPL-3.0-or-later
// A board is lost. All that is left is `secret` and a backup, and the people who follow the relay.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { RECOVERY_MS } from '../../src/lib/limits.js'
import { connectOperator } from '../../src/operator/client.js'
import type { MessageValue } from '../../src/ssb/message.js'
import { tidepool } from '../commands/invoke.js'
import { operatorStub } from '../commands/operator-stub.js'
import { collect, connectClient } from '../helpers/client.js'
import { createTestClock } from '../helpers/clock.js'
import { historyOf } from '../helpers/feed.js'
import { type BootedRelay, bootRelay, connectMember, shortDir, until } from '../helpers/relay.js'

async function ownFeed(relay: BootedRelay, t: Test): Promise<MessageValue[]> {
  const keys = ssbKeys.generate()
  const member = await connectMember(t, relay, { keys })
  const messages = await collect<{ value: MessageValue }>(
    member.rpc.createHistoryStream({ id: relay.id, live: false }),
  )
  await member.close()
  return messages.map(({ value }) => value)
}

test('secret and a backup bring the relay back, and its friends bring what came after', async (t) => {
  const relay = await bootRelay(t)
  const before = ssbKeys.generate().id
  await relay.operator.membersAdd(before)
  await relay.operator.setup({ name: 'Rock pool', description: 'For limpets.' })
  const file = join(await shortDir(t), 'tidepool.tar.gz')
  t.equal((await relay.status()).last_backup, null)
  const made = await tidepool('backup', file, '--data', relay.dataDir)
  t.equal(made.code, 0, made.stderr)
  const { last_backup: at } = await relay.status()
  t.ok(at && Math.abs(Date.now() - at) < 60_000, 'the relay knows when it was made')
  t.match(made.stdout, /The identity is not in it/)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.same(
    readdirSync(relay.dataDir).filter((name) => name.startsWith('backup-')),
    [],
    'nothing is left behind',
  )
  t.match(await tidepool('backup', file, '--data', relay.dataDir), {
    code: 1,
    stderr: /exists already .*\n {2}next: choose another name/,
  })

  const after = ssbKeys.generate().id
  await relay.operator.membersAdd(after)
  const published = await ownFeed(relay, t)
  t.match(await tidepool('restore', file, '--data', relay.dataDir), {
    code: 1,
    stderr: /relay_running\)\n {2}next: stop it first/,
  })
  await relay.close()

  const dataDir = await shortDir(t)
  t.match(await tidepool('restore', file, '--data', dataDir), {
    code: 1,
    stderr: /no keys in the backup .*\n {2}next: put .*secret back first/,
  })
  copyFileSync(join(relay.dataDir, 'secret'), join(dataDir, 'secret'))
  const put = await tidepool('restore', file, '--data', dataDir)
  t.equal(put.code, 0, put.stderr)
  t.match(put.stdout, /^Restored: \d+ messages?, as of/)
  t.match(await tidepool('restore', file, '--data', dataDir), { code: 1, stderr: /next: add --replace/ })
  t.equal((await tidepool('restore', file, '--replace', '--data', dataDir)).code, 0)
  t.equal(readdirSync(dataDir).filter((name) => /^db-before-\d+$/.test(name)).length, 1)

  const clock = createTestClock(Date.now())
  const back = await bootRelay(t, { dataDir, clock })
  t.equal(back.id, relay.id)
  t.match(await back.status(), { name: 'Rock pool', recovering: true })
  t.same(
    (await back.operator.membersList()).map(({ id }) => id),
    [before],
  )
  await t.rejects(back.operator.membersAdd(ssbKeys.generate().id), { code: 'recovering' })

  const feed = { id: relay.id, messages: published } as Parameters<typeof historyOf>[0]
  const friend = await connectFriend(t, back, { createHistoryStream: historyOf(feed) })
  await until(
    'what was published after the backup',
    async () => (await back.status()).messages === published.length,
  )
  t.match(await back.status(), { recovering: true }, 'another may know more')
  clock.advance(RECOVERY_MS)
  await until('the end of it', async () => !(await back.status()).recovering)
  const members = (await back.operator.membersList()).map(({ id }) => id)
  t.ok(members.includes(after), 'who joined after the backup is a member')
  const next = (await back.operator.membersAdd(ssbKeys.generate().id)) as { value: MessageValue }
  t.equal(next.value.sequence, published.length + 1, 'no sequence is used twice')
  t.match(await back.operator.doctor({ rebuild: true }), { ok: true })
  await friend.close()
})

/** A stranger to the restored relay, who holds its feed. */
async function connectFriend(t: Test, relay: BootedRelay, api: Record<string, unknown>) {
  const client = await connectClient({ port: relay.ssbPort, relay: relay.id, api })
  t.teardown(() => client.close())
  return client
}

test('with its keys a backup is all there is to a relay', async (t) => {
  const relay = await bootRelay(t)
  const member = ssbKeys.generate().id
  await relay.operator.membersAdd(member)
  const file = join(await shortDir(t), 'all.tar.gz')
  t.equal((await tidepool('backup', '--with-keys', '--json', file, '--data', relay.dataDir)).code, 0)
  await relay.close()
  const dataDir = await shortDir(t)
  t.equal((await tidepool('restore', file, '--data', dataDir)).code, 0)
  t.equal(statSync(join(dataDir, 'secret')).mode & 0o077, 0)
  const back = await bootRelay(t, { dataDir })
  t.equal(back.id, relay.id)
  const finish = (...more: string[]) => tidepool('restore', '--finish', '--data', dataDir, ...more)
  t.match(await finish(), { code: 0, stdout: /publishes again/ })
  t.match(await finish(), { code: 0, stdout: /was not recovering/ })
  t.same(JSON.parse((await finish('--json')).stdout), { recovering: false })
  await back.operator.membersAdd(ssbKeys.generate().id)
  t.equal((await back.operator.membersList()).length, 2)
  await back.restart()
  t.match(await back.status(), { recovering: false, members: 2 })
})

test('without a backup friends bring everything that was published', async (t) => {
  const relay = await bootRelay(t)
  const member = ssbKeys.generate().id
  await relay.operator.membersAdd(member)
  const published = await ownFeed(relay, t)
  await relay.close()
  const dataDir = await shortDir(t)
  t.match(await tidepool('restore', '--from-peers', '--data', dataDir), {
    code: 1,
    stderr: /secret back first/,
  })
  copyFileSync(join(relay.dataDir, 'secret'), join(dataDir, 'secret'))
  writeFileSync(join(dataDir, 'feed-begun'), '')
  const begun = await tidepool('restore', '--from-peers', '--json', '--data', dataDir)
  t.same(JSON.parse(begun.stdout), { recovering: true })
  const back = await bootRelay(t, { dataDir })
  const feed = { id: relay.id, messages: published } as Parameters<typeof historyOf>[0]
  await connectFriend(t, back, { createHistoryStream: historyOf(feed) })
  await until('the feed', async () => (await back.status()).messages === published.length)
  await back.operator.recoveryFinish()
  t.ok((await back.operator.membersList()).some(({ id }) => id === member))
})

test('what is no backup, or another relay’s, changes nothing', async (t) => {
  const relay = await bootRelay(t)
  const dir = await shortDir(t)
  const file = join(dir, 'tidepool.tar.gz')
  t.equal((await tidepool('backup', file, '--data', relay.dataDir)).code, 0)
  await relay.close()
  const noise = join(dir, 'noise')
  writeFileSync(noise, Buffer.alloc(4096, 7))
  const other = await bootRelay(t)
  await other.close()
  const empty = await shortDir(t)
  mkdirSync(empty, { recursive: true })
  const foreign = await shortDir(t)
  copyFileSync(join(other.dataDir, 'secret'), join(foreign, 'secret'))
  chmodSync(join(foreign, 'secret'), 0o400)
  for (const [dataDir, given] of [
    [empty, noise],
    [empty, join(dir, 'absent')],
    [foreign, file],
  ] as const) {
    const { code, stderr } = await tidepool('restore', given, '--data', dataDir)
    t.equal(code, 1)
    t.match(stderr, /backup_unusable/)
    if (given === file) t.match(stderr, `move ${join(foreign, 'secret')} away first`)
    t.notOk(existsSync(join(dataDir, 'db')))
    t.notOk(existsSync(join(dataDir, 'restored')))
  }
})

test('a backup that is called off leaves nothing, and its snapshot ends with the caller', async (t) => {
  const relay = await bootRelay(t)
  await relay.operator.membersAdd(ssbKeys.generate().id)
  await t.rejects(relay.operator.backupNext(), { code: 'bad_argument' })
  await relay.operator.backup()
  await t.rejects(relay.operator.backup(), { code: 'busy' }, 'one at a time on a connection')
  const second = await connectOperator(relay.dataDir)
  await second.operator.backup()
  t.match(await second.operator.backupNext(), { page: /./ })
  const third = await connectOperator(relay.dataDir)
  t.teardown(() => third.close())
  await t.rejects(third.operator.backup(), { code: 'busy' }, 'two at once')
  second.close()
  await until('the snapshot to end with its caller', () =>
    third.operator.backup().then(
      () => true,
      () => false,
    ),
  )

  const dir = await shortDir(t)
  const stub = await operatorStub(t, {
    backup: () => note(relay.id),
    backupNext: () => new Promise(() => {}),
  })
  const script = `import(${JSON.stringify(PROGRAM)}).then(({ runProgram }) =>
    runProgram(['backup', ${JSON.stringify(join(dir, 'x'))}, '--data', ${JSON.stringify(stub.dataDir)}]))`
  const child = spawn(process.execPath, [...process.execArgv, '-e', script], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  await until('the backup to be under way', () => stub.calls.some(([name]) => name === 'backupNext'))
  t.same(readdirSync(dir), ['x.part'])
  child.kill('SIGINT')
  t.same(await exited, [130, null])
  t.same(readdirSync(dir), [], 'nothing is left')
})

test('a backup takes as long as it takes', async (t) => {
  const clock = createTestClock(Date.now())
  let pages = 0
  const stub = await operatorStub(
    t,
    { backup: () => note(ssbKeys.generate().id) },
    {
      clock,
      withCall: {
        async backupNext() {
          clock.advance(3_600_000)
          return ++pages < 20 ? { page: 'AAAA' } : { end: { pages, rows: 0, sha256: '' } }
        },
      },
    },
  )
  const file = join(await shortDir(t), 'x')
  const made = await tidepool('backup', file, '--data', stub.dataDir)
  t.equal(made.code, 0, made.stderr)
  t.equal(made.stderr, '', 'no progress in a pipe')
  t.equal(pages, 20)
})

const PROGRAM = fileURLToPath(new URL('../../src/commands/program.ts', import.meta.url))
const note = (id: string) => ({ format: 2, id, created: 1, schema: 3, latest: 1, messages: 1, bytes: 1 })
