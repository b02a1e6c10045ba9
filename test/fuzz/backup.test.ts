// SPDX-License-Identifier: AGPL-3.0-or-later
// Backup files that were cut, changed, reordered or crafted: restored whole, or rejected with nothing changed.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { type Entry, NOTE_ENTRY, packEntry } from '../../src/commands/archive.js'
import { restore } from '../../src/commands/data-restore.js'
import { RelayError } from '../../src/lib/errors.js'
import { FORMAT } from '../../src/store/backup-format.js'
import { SCHEMA } from '../../src/store/layout.js'
import { archiveOf, entriesOf, pagesOf } from '../helpers/backups.js'
import { openTestStore, someone, temporaryDir } from '../helpers/store.js'
import { anyBytes, damage, fuzz } from './fuzz.js'

/** A good backup, and a directory to restore it into. */
async function prepare(t: Parameters<typeof openTestStore>[0]) {
  const { store, keys } = await openTestStore(t)
  for (let i = 0; i < 5; i++)
    await store.members.follow(someone(), { by: 'operator', voucher: null, note: '' })
  const { pages, end } = pagesOf(store)
  const json = (name: string, value: unknown): Entry => ({ name, bytes: Buffer.from(JSON.stringify(value)) })
  const note = { format: FORMAT, id: keys.id, created: 1, schema: SCHEMA, latest: 5, messages: 5, bytes: 1 }
  const secret: Entry = { name: 'secret', bytes: Buffer.from(JSON.stringify(keys)) }
  const entries = [
    json(NOTE_ENTRY, note),
    secret,
    ...pages.map((bytes, i) => ({ name: `rows/${String(i + 1).padStart(8, '0')}`, bytes })),
    json('end.json', end),
  ]
  const dir = temporaryDir(t)
  const file = join(dir, 'file')
  const outside = join(dir, 'outside')
  writeFileSync(outside, 'untouched')

  /** Restores bytes as a file. @returns true if it was accepted; then nothing but the backup is there, else nothing at all */
  async function tryRestore(bytes: Buffer): Promise<boolean> {
    const dataDir = join(dir, 'data')
    rmSync(dataDir, { recursive: true, force: true })
    mkdirSync(dataDir)
    writeFileSync(file, bytes)
    let accepted = true
    try {
      await restore(dataDir, file, false)
    } catch (err) {
      if (!(err instanceof RelayError)) throw err
      accepted = false
    }
    const names = readdirSync(dataDir).sort()
    const expected = accepted
      ? [
          ['db', 'restored'],
          ['db', 'restored', 'secret'],
        ]
      : [[]]
    if (!expected.some((list) => list.join() === names.join())) throw new Error(`left behind: ${names}`)
    if (accepted && !existsSync(join(dataDir, 'db/data.mdb'))) throw new Error('accepted without a database')
    if (readFileSync(outside, 'utf8') !== 'untouched') throw new Error('wrote outside the data directory')
    return accepted
  }
  return { entries, tryRestore }
}

t.test('a good backup is accepted, whatever tar padding it has', async (t) => {
  const { entries, tryRestore } = await prepare(t)
  t.ok(await tryRestore(archiveOf(entries)))
  const read = await entriesOf(archiveOf(entries))
  t.same(
    read.map(({ name }) => name),
    entries.map(({ name }) => name),
  )
})

t.test('damaged files', async (t) => {
  const { entries, tryRestore } = await prepare(t)
  const good = archiveOf(entries)
  await fuzz(
    fc.asyncProperty(damage, async (change) => {
      const changed = change(good)
      const accepted = await tryRestore(changed)
      // the header of gzip carries a time and a system that say nothing about the content
      if (accepted && !gunzipSync(changed).equals(gunzipSync(good))) throw new Error('accepted')
    }),
    { cost: 40 },
  )
})

t.test('damaged archives, packed again', async (t) => {
  const { entries, tryRestore } = await prepare(t)
  const plain = gunzipSync(archiveOf(entries))
  await fuzz(
    fc.asyncProperty(damage, async (change) => {
      await tryRestore(gzipSync(change(plain)))
    }),
    { cost: 40 },
  )
  await fuzz(
    fc.asyncProperty(anyBytes(2000), async (bytes) => {
      if (await tryRestore(gzipSync(bytes))) throw new Error('accepted')
    }),
    { cost: 40 },
  )
})

t.test('entries left out, repeated or reordered', async (t) => {
  const { entries, tryRestore } = await prepare(t)
  const all = fc.array(fc.nat(entries.length - 1), { maxLength: entries.length + 2 })
  const isGood = (order: number[]): boolean => {
    const names = order.map((i) => (entries[i] as Entry).name)
    return (
      names.filter((name) => name !== 'secret').join() ===
      entries
        .map(({ name }) => name)
        .filter((name) => name !== 'secret')
        .join()
    )
  }
  await fuzz(
    fc.asyncProperty(all, async (order) => {
      const accepted = await tryRestore(archiveOf(order.map((i) => entries[i] as Entry)))
      if (accepted && !isGood(order)) throw new Error('accepted')
    }),
    { cost: 40 },
  )
})

t.test('links, directories, devices, other names, and sizes that lie', async (t) => {
  const { entries, tryRestore } = await prepare(t)
  const [note, secret, ...rest] = entries as [Entry, Entry]
  const crafted = (change: (head: Buffer) => void): Buffer => {
    const packed = packEntry(secret, 0)
    change(packed)
    // the sum is right, so that nothing but the change is the reason
    packed.fill(32, 148, 156)
    const sum = packed.subarray(0, 512).reduce((all, byte) => all + byte, 0)
    packed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    const others = rest.map((entry) => packEntry(entry, 0))
    return gzipSync(Buffer.concat([packEntry(note, 0), packed, ...others, Buffer.alloc(1024)]))
  }
  t.ok(await tryRestore(crafted(() => {})), 'the unchanged one is good')
  for (const type of '1234567xgLK\0')
    t.notOk(await tryRestore(crafted((head) => head.write(type, 156))), `type ${JSON.stringify(type)}`)
  for (const name of [
    '../outside',
    '/etc/passwd',
    './secret',
    'db/../secret',
    'secret/',
    'SECRET',
    'db/data.mdb',
    '',
  ])
    t.notOk(await tryRestore(crafted((head) => head.fill(0, 0, 100).write(name))), `name ${name}`)
  t.notOk(await tryRestore(crafted((head) => head.write('../outside', 157))), 'the target of a link')
  t.notOk(await tryRestore(crafted((head) => head.write('..', 345))), 'a prefix')
  for (const size of [
    '00000000000',
    '77777777777',
    '00000177777',
    '-0000000001',
    '99999999999',
    '           ',
  ])
    t.notOk(await tryRestore(crafted((head) => head.write(size, 124))), `size ${size}`)
  await fuzz(
    fc.asyncProperty(fc.nat(511), fc.nat(255), async (at, byte) => {
      await tryRestore(
        crafted((head) => {
          head[at] = byte
        }),
      )
    }),
    { cost: 40 },
  )
})
