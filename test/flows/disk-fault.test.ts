// SPDX-License-Identifier: AGPL-3.0-or-later
// A disk that fails with EIO, and a directory that becomes read-only: what is not stored is rejected, what was is there.

import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { buildRelay, childDir, startChild } from '../helpers/child.js'
import { collect, connectClient } from '../helpers/client.js'
import { createTestFeed, historyOf } from '../helpers/feed.js'
import { shortDir, until } from '../helpers/relay.js'

const SOURCE = fileURLToPath(new URL('../helpers/faulty-disk.c', import.meta.url))

/** Compiles the faulty disk; null where there is no compiler. */
async function faultyDisk(t: Test) {
  const dir = await shortDir(t)
  const library = join(dir, 'faulty-disk.so')
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'], { stdio: 'pipe' })
  } catch {
    return null
  }
  const [mark, counts] = [join(dir, 'broken'), join(dir, 'counts')]
  return {
    env: { LD_PRELOAD: library, TIDE_FAULT_MARK: mark, TIDE_FAULT_COUNTS: counts },
    fail: () => writeFileSync(mark, ''),
    repair: () => rmSync(mark, { force: true }),
    /** writes, bytes and syncs of the database so far */
    counts: (): number[] => readFileSync(counts, 'utf8').trim().split(' ').map(Number),
  }
}

const disk = await faultyDisk(t)
const skip = disk ? false : 'there is no C compiler'
const cli = await buildRelay(t)

/**
 * lmdb-js writes the words of a failed write past the end of a buffer of its own, so that the process may abort. What
 * counts then is what counts after a kill: all that was acknowledged is there.
 */
const ABORTED = ['busy', 'relay_not_running']

t.test('a disk that fails with EIO', { skip }, async (t) => {
  if (!disk) return
  const dataDir = await childDir(t)
  let relay = await startChild(t, cli, dataDir, { env: disk.env })
  const acknowledged: string[] = []
  const rejected: string[] = []
  let aborts = 0
  /** @returns the code of the error, or null */
  async function attempt(): Promise<string | null> {
    const { id } = ssbKeys.generate()
    const code = await relay.operator.membersAdd(id).then(
      () => null,
      (err: { code: string }) => err.code,
    )
    if (code === null) acknowledged.push(id)
    if (code === 'store_full') rejected.push(id)
    return code
  }
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5; i++) t.equal(await attempt(), null)
    disk.fail()
    let code: string | null = null
    for (let i = 0; i < 5 && !ABORTED.includes(code ?? ''); i++) {
      code = await attempt()
      t.ok(code === 'store_full' || ABORTED.includes(code ?? ''), `nothing is acknowledged: ${code}`)
    }
    if (!ABORTED.includes(code ?? ''))
      t.match(await relay.operator.status(), { id: relay.id }, 'it serves what it has')
    disk.repair()
    if (!ABORTED.includes(code ?? '')) continue
    aborts += 1
    await relay.kill()
    relay = await startChild(t, cli, dataDir, { env: disk.env })
  }
  t.comment(`${aborts} aborts`)
  t.equal(await attempt(), null, 'it stores again once the disk does')
  await relay.kill()
  const again = await startChild(t, cli, dataDir)
  const members = new Set((await again.operator.membersList()).map(({ id }) => id))
  t.same(
    acknowledged.filter((id) => !members.has(id)),
    [],
    `${acknowledged.length} acknowledged are there`,
  )
  t.same(
    rejected.filter((id) => members.has(id)),
    [],
    'and none that was rejected',
  )
  t.match(await again.operator.doctor({ rebuild: true }), { ok: true })
})

const add = ({ operator }: { operator: { membersAdd(id: string): Promise<unknown> } }): Promise<unknown> =>
  operator.membersAdd(ssbKeys.generate().id).then(
    () => null,
    (err: unknown) => err,
  )

/** Root may write to any directory, so as root the relay runs as `nobody`. */
const NOBODY = 65534
const uid = process.getuid?.() === 0 ? NOBODY : undefined

t.test('a data directory that becomes read-only', async (t) => {
  const dataDir = await childDir(t)
  if (uid) {
    chownSync(dataDir, uid, uid)
    chmodSync(dirname(dirname(cli)), 0o755)
  }
  const relay = await startChild(t, cli, dataDir, { uid })
  const { id } = ssbKeys.generate()
  await relay.operator.membersAdd(id)
  const directories = [join(dataDir, 'db'), dataDir]
  t.teardown(() => {
    for (const path of directories) chmodSync(path, 0o700)
  })
  for (const path of directories) chmodSync(path, 0o500)
  t.equal(await add(relay), null, 'files that are open take writes')
  t.equal(await relay.stop(), 0)
  for (const path of directories) chmodSync(path, 0o700)
  const again = await startChild(t, cli, dataDir, { uid })
  t.equal((await again.operator.membersList()).length, 2)
  t.equal(await again.stop(), 0)
})

t.test('what is written to the disk, per message and while idle', { skip }, async (t) => {
  if (!disk) return
  const relay = await startChild(t, cli, await childDir(t), { env: disk.env })
  const feed = createTestFeed()
  feed.post(2000)
  await relay.operator.membersAdd(feed.id)
  const before = disk.counts()
  const api = { createHistoryStream: historyOf(feed) }
  const client = await connectClient({ port: relay.ssbPort, relay: relay.id, keys: feed.keys, api })
  await collect(client.rpc.createHistoryStream({ id: feed.id, live: false }))
  await until('all messages', async () => (await relay.operator.status()).messages >= 2001, 30_000)
  await client.close()
  const after = disk.counts()
  const [, bytes, syncs] = after.map((count, i) => count - (before[i] as number)) as [number, number, number]
  const size = JSON.stringify(feed.messages).length
  t.comment(
    `2000 messages of ${Math.round(size / 2000)} bytes: ${Math.round(bytes / 2000)} bytes written and ${(syncs / 2000).toFixed(3)} syncs each`,
  )
  t.ok(bytes < 8 * size, `${bytes} bytes written for ${size}`)
  t.ok(syncs < 500, `${syncs} syncs for 2000 messages`)
  // the disconnection may be noted first
  await delay(500)
  const idle = disk.counts()
  await delay(3000)
  t.same(disk.counts(), idle, 'nothing is written while nothing happens')
})
