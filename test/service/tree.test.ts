// SPDX-License-Identifier: AGPL-3.0-or-later
// A mirror that fails is asked again; if it still fails, the test is skipped, and in CI it fails.

import t from 'tap'
import { retried, treeOrSkip } from './tree.js'

t.test('a mirror that fails twice and then works gives a tree', async (t) => {
  const waits: number[] = []
  let calls = 0
  const made = await retried(
    async () => {
      calls++
      if (calls < 3) throw new Error('apt-get update failed')
      return '/tree'
    },
    async (ms) => waits.push(ms),
  )
  t.equal(made, '/tree')
  t.same(waits, [10_000, 20_000])
})

t.test('a mirror that fails three times is not asked a fourth time', async (t) => {
  let calls = 0
  const always = retried(
    async () => {
      calls++
      throw new Error(`failure ${calls}`)
    },
    async () => {},
  )
  await t.rejects(always, { message: 'failure 3' })
})

t.test('without a tree CI fails, and a machine of a developer skips', async (t) => {
  const make = async (): Promise<string> => {
    throw new Error('no mirror')
  }
  await t.rejects(treeOrSkip(t, make, true), { message: 'no mirror' })
  const skips: unknown[] = []
  const developer = { pass: (...said: unknown[]) => skips.push(said) > 0 }
  t.equal(await treeOrSkip(developer, make, false), null)
  t.match(skips, [['skipped', { skip: /no mirror/ }]])
  t.equal(await treeOrSkip(developer, async () => '/tree', true), '/tree')
})
