// SPDX-License-Identifier: AGPL-3.0-or-later
// A full disk: what cannot be kept is refused, what was kept is served, and the relay stays up and stops cleanly.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { buildRelay, childDir, startChild } from '../helpers/child.js'

test('a full disk is said, and survived', async (t) => {
  const cli = await buildRelay(t)
  const dataDir = await childDir(t)
  const relay = await startChild(t, cli, dataDir, { fileKib: 512 })
  const { operator } = relay
  const kept: string[] = []
  const refusals: unknown[] = []
  // until it has been refused a few times: a small write may still find room in pages that are free
  for (let i = 0; i < 5000 && refusals.length < 5; i++) {
    const { id } = ssbKeys.generate()
    await operator.membersAdd(id).then(
      () => kept.push(id),
      (err: unknown) => refusals.push(err),
    )
  }
  t.equal(refusals.length, 5)
  for (const refusal of refusals) t.match(refusal, { code: 'store_full', message: /the disk is full/ })
  t.ok(kept.length > 10, `${kept.length} were kept`)
  t.match(await operator.status(), { id: relay.id, members: kept.length }, 'it is still there')
  t.equal(await relay.stop(), 0, 'and stops as it should')

  const again = await startChild(t, cli, dataDir)
  const members = (await again.operator.membersList()).map(({ id }) => id)
  t.same(members.sort(), kept.sort(), 'all that was acknowledged is there, and nothing else')
  await again.operator.membersAdd(ssbKeys.generate().id)
  t.match(await again.operator.doctor({ rebuild: true }), { ok: true })
  t.equal(await again.stop(), 0)
})

test('a disk that is full when the relay starts is said, and nothing is left behind that hinders the next start', async (t) => {
  const cli = await buildRelay(t)
  for (const fileKib of [4, 40]) {
    const dataDir = await childDir(t)
    await t.rejects(
      startChild(t, cli, dataDir, { fileKib }),
      /ended with 1: .*data directory unusable: .*EFBIG/s,
      `${fileKib} KiB`,
    )
    const relay = await startChild(t, cli, dataDir)
    t.match(await relay.operator.doctor({ rebuild: true }), { ok: true })
    t.equal(await relay.stop(), 0)
  }
})
