// SPDX-License-Identifier: AGPL-3.0-or-later
// A damaged database: the relay says so, leaves it alone, and is itself again once a sound one is back.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { buildRelay, childDir, startChild } from '../helpers/child.js'

test('a damaged store is said, left alone, and served again once a sound one is back', async (t) => {
  const cli = await buildRelay(t)
  const dataDir = await childDir(t)
  const relay = await startChild(t, cli, dataDir)
  const { id } = ssbKeys.generate()
  await relay.operator.membersAdd(id)
  t.equal(await relay.stop(), 0)
  const file = join(dataDir, 'db', 'data.mdb')
  const sound = await readFile(file)
  for (const damaged of [sound.subarray(0, sound.length / 2), Buffer.alloc(sound.length)]) {
    await writeFile(file, damaged)
    await t.rejects(startChild(t, cli, dataDir), /ended with 1: .*data.mdb is damaged: .*tidepool restore/s)
    t.ok((await readFile(file)).equals(damaged), 'not touched')
  }
  await writeFile(file, sound)
  const again = await startChild(t, cli, dataDir)
  t.match(await again.operator.membersList(), [{ id }])
  t.equal(await again.stop(), 0)
})
