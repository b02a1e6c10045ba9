// SPDX-License-Identifier: AGPL-3.0-or-later
// The writer: batches of writes, each resolved on its own once it is on disk.

import { open, type RootDatabase } from 'lmdb'
import t from 'tap'
import { BATCH_WORK_MS, BATCH_WRITES } from '../../src/lib/limits.js'
import { createWriter } from '../../src/store/writer.js'
import { temporaryDir } from '../helpers/store.js'

function openRoot(t: { teardown(fn: () => unknown): void }): RootDatabase<unknown, string> {
  const root = open<unknown, string>({ path: temporaryDir(t), overlappingSync: false })
  t.teardown(() => root.close())
  return root
}

t.test('a write resolves with its value, and sees earlier writes of its batch', async (t) => {
  const root = openRoot(t)
  const writer = createWriter(root as RootDatabase, (err) => t.fail(String(err)))
  const answers = await Promise.all([
    writer.submit(() => root.putSync('n', 1)),
    writer.submit(() => root.putSync('n', (root.get('n') as number) + 1)),
    writer.submit(() => root.get('n')),
  ])
  t.equal(answers[2], 2)
  await writer.close()
})

t.test('a write that throws is undone, and the others are kept', async (t) => {
  const root = openRoot(t)
  const writer = createWriter(root as RootDatabase, (err) => t.fail(String(err)))
  const told: string[] = []
  const [before, failed, after] = await Promise.allSettled([
    writer.submit((flushed) => {
      flushed(() => told.push('before'))
      root.putSync('before', 1)
    }),
    writer.submit((flushed) => {
      flushed(() => told.push('failed'))
      root.putSync('half', 1)
      throw new Error('no')
    }),
    writer.submit((flushed) => {
      flushed(() => told.push('after'))
      root.putSync('after', 1)
    }),
  ])
  t.equal(before.status, 'fulfilled')
  t.match(failed, { status: 'rejected', reason: { message: 'no' } })
  t.equal(after.status, 'fulfilled')
  t.equal(root.get('half'), undefined, 'what it had put is gone')
  t.same([root.get('before'), root.get('after')], [1, 1])
  t.same(told, ['before', 'after'], 'listeners hear of what is on disk only')
  await writer.close()
})

t.test('a listener that throws does not affect others', async (t) => {
  const root = openRoot(t)
  const faults: unknown[] = []
  const writer = createWriter(root as RootDatabase, (err) => faults.push(err))
  await writer.submit((flushed) => {
    flushed(() => {
      throw new Error('listener')
    })
    root.putSync('kept', 1)
  })
  t.match(faults, [{ message: 'listener' }])
  t.equal(root.get('kept'), 1)
  await writer.close()
})

t.test('more writes than a batch holds are committed in order', async (t) => {
  const root = openRoot(t)
  const writer = createWriter(root as RootDatabase, (err) => t.fail(String(err)))
  const order: number[] = []
  const count = BATCH_WRITES * 2 + 7
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      writer.submit(() => root.putSync('last', i)).then(() => order.push(i)),
    ),
  )
  t.equal(order.length, count)
  t.same(
    order,
    [...order].sort((a, b) => a - b),
  )
  t.equal(root.get('last'), count - 1)
  await writer.close()
})

t.test('a batch of slow writes is committed early, and the rest stay in order', async (t) => {
  const root = openRoot(t)
  let uptime = 0
  const writer = createWriter(
    root as RootDatabase,
    (err) => t.fail(String(err)),
    () => uptime,
  )
  const order: string[] = []
  const slow = (name: string) =>
    writer.submit((flushed) => {
      order.push(name)
      flushed(() => order.push(`${name} flushed`))
      uptime += BATCH_WORK_MS / 2
      if (name === 'b') throw new Error('no')
      root.putSync(name, 1)
    })
  const all = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(slow))
  t.same(order, ['a', 'b', 'a flushed', 'c', 'd', 'c flushed', 'd flushed', 'e', 'e flushed'])
  t.same(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
  t.same(
    ['a', 'b', 'c', 'd', 'e'].map((name) => root.get(name)),
    [1, undefined, 1, 1, 1],
  )
  await writer.close()
})

t.test('closing commits queued writes and rejects later ones', async (t) => {
  const root = openRoot(t)
  const writer = createWriter(root as RootDatabase, (err) => t.fail(String(err)))
  const queued = writer.submit(() => root.putSync('queued', 1))
  await writer.close()
  await queued
  t.equal(root.get('queued'), 1)
  await t.rejects(
    writer.submit(() => root.putSync('late', 1)),
    { code: 'busy' },
  )
})
