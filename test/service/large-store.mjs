// SPDX-License-Identifier: AGPL-3.0-or-later
// Fills the store's table of messages, on an emulated board: node large-store.mjs LAYOUT DIRECTORY MIB, where LAYOUT is
// src/store/layout.ts as one file.
// Prints what it found as JSON: whether a large file fits into the addresses of 32 bits.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

const [layout = '', path = '', mib = ''] = process.argv.slice(2)
const { openTables } = await import(layout)
const { root, messages: db } = openTables(path)

const BYTES = 3000
const BATCH = 5000
const count = Math.floor((Number(mib) * 2 ** 20) / 4096)

/** Keys in no order, as the ids of feeds are. */
function keyOf(i) {
  const key = Buffer.alloc(36)
  key.writeUInt32BE((i * 2_654_435_761) >>> 0, 0)
  key.writeUInt32BE(i, 4)
  return key
}

function recordOf(i) {
  const value = Buffer.alloc(BYTES, i & 255)
  value.writeUInt32BE(i, 0)
  return value
}

async function inBatches(numbers, write) {
  for (let from = 0; from < numbers.length; from += BATCH)
    await db.transaction(() => numbers.slice(from, from + BATCH).forEach(write))
}

/** MiB of the file that this process has mapped. */
function mapped() {
  let bytes = 0
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const [from, to] = (line.split(' ')[0] ?? '').split('-')
    if (line.includes('data.mdb')) bytes += Number.parseInt(to, 16) - Number.parseInt(from, 16)
  }
  return Math.round(bytes / 2 ** 20)
}

let wrong = 0
let most = 0
async function check(numbers) {
  for (const [n, i] of numbers.entries()) {
    if (db.get(keyOf(i))?.equals(recordOf(i)) !== true) wrong += 1
    if (n % 1000 !== 0) continue
    most = Math.max(most, mapped())
    // the read transaction is renewed between two turns
    await setImmediate()
  }
}

const all = Array.from({ length: count }, (_, i) => i)
const shuffled = all.map((i) => (i * 7919) % count)
await inBatches(all, (i) => db.putSync(keyOf(i), recordOf(i)))
await check(shuffled.slice(0, 50_000))
await inBatches(
  all.filter((i) => i % 2 === 0),
  (i) => db.removeSync(keyOf(i)),
)
await inBatches(
  all.filter((i) => i % 2 === 0).map((i) => i + count),
  (i) => db.putSync(keyOf(i), recordOf(i)),
)
const left = shuffled.slice(0, 50_000)
await check(left.map((i) => (i % 2 === 0 ? i + count : i)))
for (const i of left) if (i % 2 === 0 && db.get(keyOf(i)) !== undefined) wrong += 1
const file = Math.round(statSync(join(path, 'data.mdb')).size / 2 ** 20)
await root.close()
process.stdout.write(JSON.stringify({ count, wrong, file, mapped: most }))
