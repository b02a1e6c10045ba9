// Backups: a copy of a store in use, whole or refused.

import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { readBackup, writeBackup } from '../../src/store/backup.js'
import { SCHEMA } from '../../src/store/layout.js'
import { createStore } from '../../src/store/store.js'
import { openTestStore, silentLog, temporaryDir } from '../helpers/store.js'

async function backedUp(t: Parameters<typeof openTestStore>[0]) {
  const opened = await openTestStore(t)
  const { store, keys, clock } = opened
  const follow = (): Promise<unknown> =>
    store.members.follow(ssbKeys.generate().id, { by: 'operator', voucher: null, note: '' })
  for (let i = 0; i < 20; i++) await follow()
  const dir = mkdtempSync(join(temporaryDir(t), 'backup-'))
  const note = await writeBackup(store, keys.id, clock.now(), dir)
  return { ...opened, dir, note, follow }
}

t.test('a backup is the store at one moment', async (t) => {
  const { keys, clock, dir, note, follow } = await backedUp(t)
  t.match(note, { id: keys.id, latest: 20, messages: 20, created: clock.now() })
  await follow()
  t.same(await readBackup(dir), note)
  const limits = { maxBytes: 1e9, maxFeedBytes: 1e9 }
  const copy = await createStore(
    { log: silentLog, now: clock.now },
    { path: join(dir, 'db'), keys, ...limits },
  )
  t.equal(copy.members.count(), 20)
  t.equal(copy.feeds.info(keys.id).latest, 20)
  t.same(await copy.verify(), [])
  await copy.close()
})

t.test('what is not whole is refused', async (t) => {
  const { dir, note } = await backedUp(t)
  const refused = (what: string) => t.rejects(readBackup(dir), { code: 'backup_unusable' }, what)
  const noteFile = join(dir, 'backup.json')
  const database = join(dir, 'db/data.mdb')
  const rewrite = (change: object) => writeFileSync(noteFile, JSON.stringify({ ...note, ...change }))
  for (const change of [
    { format: 2 },
    { schema: 0 },
    { schema: SCHEMA + 1 },
    { schema: null },
    { id: '__proto__' },
    { latest: 'all' },
    { sha256: '' },
  ]) {
    rewrite(change)
    await refused(JSON.stringify(change))
  }
  for (const text of ['', 'null', '{']) {
    writeFileSync(noteFile, text)
    await refused(`a note that reads: ${text}`)
  }
  rewrite({ schema: SCHEMA - 1 })
  t.match(
    await readBackup(dir),
    { id: note.id },
    'the layout before ours is brought up to it as it is opened',
  )
  rewrite({})
  const bytes = readFileSync(database)
  truncateSync(database, bytes.length / 2)
  await refused('half a database')
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  writeFileSync(database, bytes)
  await refused('one bit of it')
})
