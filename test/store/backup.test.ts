// SPDX-License-Identifier: AGPL-3.0-or-later
// Backups: a snapshot of a store in use, restored whole or rejected, and moved into place in steps that survive a kill.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import t, { type Test } from 'tap'
import { packPage, parseNote, unpackPage } from '../../src/store/backup-format.js'
import { SCHEMA } from '../../src/store/layout.js'
import { commitRestore, createRestoredDatabase, finishRestore } from '../../src/store/restore.js'
import { createStore } from '../../src/store/store.js'
import { pagesOf } from '../helpers/backups.js'
import { openTestStore, silentLog, someone, temporaryDir } from '../helpers/store.js'

async function filled(t: Test) {
  const opened = await openTestStore(t)
  const follow = (): Promise<unknown> =>
    opened.store.members.follow(someone(), { by: 'operator', voucher: null, note: '' })
  for (let i = 0; i < 20; i++) await follow()
  return { ...opened, follow }
}

const openCopy = (path: string, keys: Keys) =>
  createStore({ log: silentLog, now: Date.now }, { path, keys, maxBytes: 1e9, maxFeedBytes: 1e9 })

t.test('a backup is the store at one moment', async (t) => {
  const { store, keys, follow } = await filled(t)
  const snapshot = store.snapshot()
  const dir = temporaryDir(t)
  const restored = createRestoredDatabase(dir)
  for (let page = snapshot.next(); page; page = snapshot.next()) {
    restored.add(page)
    await follow()
  }
  await restored.finish(snapshot.end())
  snapshot.close()
  snapshot.close()
  t.throws(() => snapshot.next(), { message: /closed/ })
  t.ok(store.members.count() > 20, 'the store has changed meanwhile')
  const copy = await openCopy(join(dir, 'db'), keys)
  t.equal(copy.members.count(), 20)
  t.equal(copy.feeds.info(keys.id).latest, 20)
  t.same(await copy.verify(), [])
  t.match(await copy.members.rebuild(), { differences: [], members: 20 })
  await copy.close()
})

t.test('an open snapshot does not keep the store from closing', async (t) => {
  const { store } = await filled(t)
  const snapshot = store.snapshot()
  snapshot.next()
  await store.close()
  t.throws(() => snapshot.next())
})

t.test('pages that are missing, repeated, reordered or changed are rejected', async (t) => {
  const { store } = await filled(t)
  const { pages, end } = pagesOf(store)
  t.ok(pages.length > 3)
  const rejected = async (what: string, changed: Buffer[], last = end): Promise<void> => {
    const restored = createRestoredDatabase(temporaryDir(t))
    const restore = async (): Promise<void> => {
      for (const page of changed) restored.add(page)
      await restored.finish(last)
    }
    await t.rejects(restore(), { code: 'backup_unusable' }, what)
    await restored.close()
  }
  const [first, second] = pages as [Buffer, Buffer]
  await rejected('one missing', pages.slice(1))
  await rejected('one twice', [first, ...pages])
  await rejected('two swapped', [second, first, ...pages.slice(2)])
  await rejected('another hash', pages, { ...end, sha256: '' })
  await rejected('one row too many', pages, { ...end, rows: end.rows - 1 })
  const feeds = pages.find((page) => unpackPage(page).table === 'feeds') as Buffer
  const { rows } = unpackPage(feeds)
  for (const [what, page] of [
    ['nothing', Buffer.alloc(0)],
    ['no rows', packPage('feeds', [])],
    ['an unknown table', packPage('__proto__', rows)],
    ['a record that is no JSON', packPage('feeds', [{ key: Buffer.alloc(32), value: Buffer.from('{') }])],
    ['an empty key', packPage('feeds', [{ key: Buffer.alloc(0), value: Buffer.from('1') }])],
    ['a long key', packPage('feeds', [{ key: Buffer.alloc(4000), value: Buffer.from('1') }])],
    ['one key twice', packPage('feeds', [...rows, ...rows])],
    ['half a page', feeds.subarray(0, feeds.length - 1)],
  ] as const)
    await rejected(what, [page])
})

t.test('notes of other formats and damaged ones are rejected', async (t) => {
  const note = { format: 2, id: ssbKeys.generate().id, created: 1, schema: SCHEMA, latest: 1 }
  const whole = { ...note, messages: 1, bytes: 1 }
  const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
  t.same(parseNote(bytes(whole)), whole)
  t.match(parseNote(bytes({ ...whole, schema: SCHEMA - 1 })), { id: note.id }, 'an older layout is migrated')
  for (const change of [
    { format: 1 },
    { schema: 0 },
    { schema: SCHEMA + 1 },
    { id: '__proto__' },
    { latest: 'all' },
    { bytes: -1 },
  ])
    t.throws(() => parseNote(bytes({ ...whole, ...change })), { code: 'backup_unusable' })
  for (const text of ['', 'null', '{'])
    t.throws(() => parseNote(Buffer.from(text)), { code: 'backup_unusable' }, text)
})

t.test('a restore that is killed between any two steps is finished by the next call', async (t) => {
  for (const withDatabase of [true, false]) {
    for (let killAt = 0; ; killAt++) {
      const dataDir = temporaryDir(t)
      writeFileSync(join(dataDir, 'feed-begun'), '')
      if (withDatabase) {
        mkdirSync(join(dataDir, 'db'))
        writeFileSync(join(dataDir, 'db/data.mdb'), 'old')
      }
      const fresh = mkdtempSync(join(dataDir, 'restore-'))
      mkdirSync(join(fresh, 'db'))
      writeFileSync(join(fresh, 'db/data.mdb'), 'new')
      writeFileSync(join(fresh, 'secret'), 'key')
      commitRestore(dataDir, fresh)
      let steps = 0
      const kill = (): void => {
        if (steps++ === killAt) throw new Error('killed')
      }
      let killed = false
      try {
        finishRestore(dataDir, () => 7, kill)
      } catch {
        killed = true
      }
      t.equal(
        finishRestore(dataDir, () => 8),
        killed,
        'the next call finishes what was cut short',
      )
      t.equal(readFileSync(join(dataDir, 'db/data.mdb'), 'utf8'), 'new')
      t.equal(readFileSync(join(dataDir, 'secret'), 'utf8'), 'key')
      const names = readdirSync(dataDir).sort()
      const aside = names.filter((name) => name.startsWith('db-before-'))
      t.equal(aside.length, withDatabase ? 1 : 0)
      t.same(
        names.filter((name) => !aside.includes(name)),
        ['db', 'restored', 'secret'],
      )
      if (withDatabase) t.equal(readFileSync(join(dataDir, aside[0] ?? '', 'data.mdb'), 'utf8'), 'old')
      t.notOk(existsSync(join(dataDir, 'restore-ready')))
      if (!killed) break
    }
  }
})
