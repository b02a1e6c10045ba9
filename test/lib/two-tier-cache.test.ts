// SPDX-License-Identifier: AGPL-3.0-or-later
// The two-tier cache: two groups, each with its own cap, without expired entries.

import { randomBytes } from 'node:crypto'
import t from 'tap'
import { TwoTierCache } from '../../src/lib/two-tier-cache.js'
import { exposedGc } from '../helpers/gc.js'

t.test('new entries evict new entries, known ones evict known ones', async (t) => {
  const kept = new TwoTierCache<string>(2, () => false)
  for (const id of ['a', 'b']) {
    kept.add(id, id)
    t.equal(kept.get(id), id)
  }
  for (const id of ['c', 'd', 'e']) kept.add(id, id)
  t.equal(kept.get('c'), undefined)
  t.equal(kept.size, 4)
  t.equal(kept.get('a'), 'a', 'used more lately than b')
  t.equal(kept.get('d'), 'd', 'comes back, and b makes room')
  t.equal(kept.get('b'), undefined)
  kept.delete('a')
  t.equal(kept.get('a'), undefined)
  for (const id of ['__proto__', 'constructor', '']) t.equal(kept.get(id), undefined)
})

t.test('expired entries are not found', async (t) => {
  let now = 0
  const kept = new TwoTierCache<number>(9, (until) => until <= now)
  kept.add('long', 100)
  kept.add('short', 10)
  kept.get('long')
  kept.get('short')
  now = 10
  t.equal(kept.get('short'), undefined, 'though what lives longer stands before it')
  t.equal(kept.get('long'), 100)
  now = 100
  t.equal(kept.get('long'), undefined)
  t.equal(kept.size, 0)
})

t.test('an id cut from a longer string does not keep that string in memory', async (t) => {
  const gc = exposedGc()
  const kept = new TwoTierCache<number>(2000, () => false)
  const ids = Array.from({ length: 1000 }, () => randomBytes(32).toString('base64url'))
  for (const id of ids) kept.add(id, 0)
  gc()
  const before = process.memoryUsage().heapUsed
  for (const id of ids) {
    const header = Buffer.alloc(8000, 'x').toString().concat(id)
    t.equal(kept.get(header.slice(-id.length)), 0)
  }
  gc()
  const grown = process.memoryUsage().heapUsed - before
  t.ok(grown < 4e6, `${grown} bytes for 1000 ids`)
})
