// SPDX-License-Identifier: AGPL-3.0-or-later
// The check of the database file before LMDB opens it: any damaged file is rejected with a reason or works, unchanged.

import { lstatSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import t, { type Test } from 'tap'
import { MIB } from '../../src/lib/limits.js'
import { examineFile } from '../../src/store/file-check.js'
import { createRestoredDatabase } from '../../src/store/restore.js'
import { createStore } from '../../src/store/store.js'
import { openTestStore, silentLog, temporaryDir } from '../helpers/store.js'

const PAGE = 4096
/** Page flag of the first page of a large value. */
const OVERFLOW = 4

/** The closed file of a store with some messages, members and large values. */
async function someStore(t: Test): Promise<{ file: string; bytes: Buffer; keys: Keys; path: string }> {
  const { store, path, keys } = await openTestStore(t)
  for (let i = 0; i < 150; i++)
    await store.members.follow(ssbKeys.generate().id, { by: 'operator', voucher: null, note: 'n'.repeat(i) })
  await store.settings.change({ description: 'd'.repeat(20_000) })
  await store.close()
  const file = join(path, 'data.mdb')
  return { file, bytes: readFileSync(file), keys, path }
}

function open(path: string, keys: Keys) {
  return createStore(
    { log: silentLog, now: Date.now },
    { path, keys, maxBytes: 100 * MIB, maxFeedBytes: 100 * MIB },
  )
}

/** Random bytes, the same in every run. */
function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0, x = seed; at < length; at++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0
    bytes[at] = x >>> 16
  }
  return bytes
}

t.test('a sound store passes, and so does a missing one', async (t) => {
  const { file, path, keys } = await someStore(t)
  t.equal(examineFile(file), null)
  t.equal(examineFile(file, true), null)
  const copy = temporaryDir(t)
  const store = await open(path, keys)
  const restored = createRestoredDatabase(copy)
  const snapshot = store.snapshot()
  for (let page = snapshot.next(); page; page = snapshot.next()) restored.add(page)
  await restored.finish(snapshot.end())
  await store.close()
  t.equal(examineFile(join(copy, 'db/data.mdb'), true), null, 'a restored copy is')
  const missing = join(temporaryDir(t), 'data.mdb')
  t.equal(examineFile(missing), null)
  writeFileSync(missing, '')
  t.equal(examineFile(missing), null)
})

t.test('truncated, wiped and overwritten files are rejected and left unchanged', async (t) => {
  const { file, bytes, keys, path } = await someStore(t)
  const over = (at: number, what: Buffer): Buffer => {
    const changed = Buffer.from(bytes)
    what.copy(changed, at)
    return changed
  }
  const damages: Array<[string, Buffer, RegExp]> = [
    ['one byte', bytes.subarray(0, 1), /cut short at 1 bytes/],
    ['half a head', bytes.subarray(0, 100), /cut short at 100 bytes/],
    ['one head', bytes.subarray(0, PAGE), /cut short at 4096 bytes/],
    ['two heads', bytes.subarray(0, 2 * PAGE), /page \d+ is missing/],
    ['half of it', bytes.subarray(0, bytes.length / 2), /page \d+ is missing/],
    ['zeros', Buffer.alloc(bytes.length), /first head holds nothing but zeros/],
    ['a first head of zeros', over(0, Buffer.alloc(PAGE)), /first head holds nothing but zeros/],
    ['a second head of zeros', over(PAGE, Buffer.alloc(PAGE)), /second head holds nothing but zeros/],
    ['noise', noise(bytes.length), /first head is not that of a database/],
    ['a second head of noise', over(PAGE, noise(PAGE)), /second head is not that of a database/],
    ['noise behind the heads', over(2 * PAGE, noise(bytes.length - 2 * PAGE)), /page \d+ is damaged/],
    ['zeros behind the heads', over(2 * PAGE, Buffer.alloc(bytes.length - 2 * PAGE)), /page \d+ is damaged/],
    ['another format', over(28, Buffer.from([9, 0, 0, 0])), /first head is of another format/],
    ['no size of pages', over(48, Buffer.from([1, 16, 0, 0])), /first head gives no size of pages/],
    ['another size of pages', over(48, Buffer.from([0, 32, 0, 0])), /second head|contradict/],
    ['text', Buffer.from('# not a database\n'.repeat(5000)), /first head is not that of a database/],
  ]
  for (const [name, damaged, words] of damages) {
    writeFileSync(file, damaged)
    await t.rejects(open(path, keys), { code: 'data_unusable', message: words }, name)
    await t.rejects(open(path, keys), { message: /left unchanged.*tidepool restore/ }, name)
    t.ok(readFileSync(file).equals(damaged), `${name}: not touched`)
  }
})

t.test('a file cut at any page is rejected or complete', async (t) => {
  const { file, bytes, keys, path } = await someStore(t)
  let refused = 0
  const pages = bytes.length / PAGE
  for (let page = 2; page < pages; page++) {
    writeFileSync(file, bytes)
    truncateSync(file, page * PAGE)
    if (examineFile(file)) {
      refused++
      continue
    }
    const store = await open(path, keys)
    t.same(await store.verify(), [], `${page} of ${pages} pages hold all there is`)
    await store.close()
  }
  t.ok(refused > pages / 2, `${refused} of ${pages}`)
})

/** Pages of large values except the first: they have no header that could be checked. */
function headless(bytes: Buffer): Set<number> {
  const found = new Set<number>()
  for (let page = 2; page < bytes.length / PAGE; page++) {
    // page number (8), transaction (8), padding (2), flags (2); for a large value then its number of pages (4)
    const at = page * PAGE
    if (bytes.readUInt32LE(at) !== page || bytes.readUInt16LE(at + 18) !== OVERFLOW) continue
    const pages = bytes.readUInt32LE(at + 20)
    for (let next = page + 1; next < page + pages; next++) found.add(next)
    page += pages - 1
  }
  return found
}

t.test('a deep check finds a damaged page that the tables use', async (t) => {
  const { file, bytes } = await someStore(t)
  let found = 0
  const pages = bytes.length / PAGE
  const values = headless(bytes)
  for (let page = 2; page < pages; page++) {
    if (values.has(page)) continue
    const damaged = Buffer.from(bytes)
    noise(PAGE, page).copy(damaged, page * PAGE)
    writeFileSync(file, damaged)
    if (examineFile(file, true)) found++
  }
  const looked = pages - values.size
  t.ok(found > looked / 2, `${found} of ${looked}; the others are in no use`)
})

t.test('a file of another word size is not reported as damaged', async (t) => {
  const { file } = await someStore(t)
  t.match(examineFile(file, false, 4), /a machine of 64 bits wrote it, and this one has 32/)
  const narrow = Buffer.alloc(2 * PAGE)
  narrow.writeUInt32LE(0xbeefc0de, 16)
  writeFileSync(file, narrow)
  t.match(examineFile(file, false, 8), /a machine of 32 bits wrote it, and this one has 64/)
})

t.test('the error of a store that cannot be created gives the reason', async (t) => {
  const { keys } = await someStore(t)
  const blocked = join(temporaryDir(t), 'db')
  writeFileSync(blocked, 'a file where a directory should be')
  await t.rejects(open(blocked, keys), { code: 'data_unusable', message: /EEXIST|ENOTDIR/ })
  t.equal(statSync(blocked).size, 34)
})

t.test('the lock file may be a link to a file in memory', async (t) => {
  const { path, keys } = await someStore(t)
  const lock = join(path, 'lock.mdb')
  const memory = join(temporaryDir(t), 'lock.mdb')
  writeFileSync(memory, '')
  rmSync(lock)
  symlinkSync(memory, lock)
  const opened = await open(path, keys)
  t.equal(opened.members.count(), 150)
  await opened.close()
  t.ok(lstatSync(lock).isSymbolicLink())
  t.ok(statSync(memory).size > 0, 'it is used')

  // as in a copy of the directory on another machine
  rmSync(memory)
  const copy = await open(path, keys)
  t.equal(copy.members.count(), 150)
  await copy.close()
  t.ok(lstatSync(lock).isFile())
})
