// SPDX-License-Identifier: AGPL-3.0-or-later
// The onion address: shown, exported, imported; existing files are never overwritten.

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatKey, loadKey, makeKey } from '../../src/onion/key.js'
import { shortDir } from '../helpers/relay.js'
import { STATUS } from './fake-status.js'
import { tidepool } from './invoke.js'
import { operatorStub } from './operator-stub.js'

t.test('an address moves from one board to the next', async (t) => {
  const [old, fresh, usb] = await Promise.all([shortDir(t), shortDir(t), shortDir(t)])
  const { address } = loadKey(join(old, 'onion.key'))
  const file = join(usb, 'onion.key')
  const out = await tidepool('onion', 'export', file, '--data', old)
  t.match(out, { code: 0, stdout: address })
  t.equal(statSync(file).mode & 0o777, 0o600)
  const board = join(fresh, 'not', 'yet')
  t.match(await tidepool('onion', 'import', file, '--data', board, '--json'), {
    code: 0,
    stdout: `"address": "${address}"`,
  })
  t.equal(loadKey(join(board, 'onion.key')).address, address)
  t.equal(statSync(join(board, 'onion.key')).mode & 0o777, 0o600)
  t.equal((await tidepool('onion', 'export', '--data', board)).stdout, readFileSync(file, 'utf8'))
})

t.test('the address is shown, with a note while it is not up', async (t) => {
  const status = (state: string) => ({ status: () => ({ ...STATUS, onion: { state, reason: 'no tor' } }) })
  for (const [state, stderr] of [
    ['reachable', /^$/],
    ['degraded', /^The onion service is not reachable; problem: no tor\.\n$/],
  ] as const) {
    const { dataDir } = await operatorStub(t, status(state))
    const { address } = loadKey(join(dataDir, 'onion.key'))
    const url = `http://${address}/`
    t.match(await tidepool('onion', '--data', dataDir), { code: 0, stdout: `${url}\n`, stderr }, state)
    t.equal(
      (await tidepool('onion', '--qr', '--data', dataDir)).stdout,
      `${url}\n`,
      'no terminal, no QR code',
    )
    t.same(JSON.parse((await tidepool('onion', '--json', '--data', dataDir)).stdout), { address, url, state })
  }
  const dir = await shortDir(t)
  t.match(await tidepool('onion', '--data', dir), {
    code: 1,
    stdout: '',
    stderr: /not_found.*\n {2}next: set onion/,
  })
  const { address } = loadKey(join(dir, 'onion.key'))
  t.match(await tidepool('onion', '--data', dir), { stdout: address, stderr: /^The relay is not running/ })
  t.match(await tidepool('onion', '--qr', '--json'), { code: 2, stderr: /cannot be used with.*\(usage\)/ })
})

t.test('existing files are not overwritten', async (t) => {
  const dir = await shortDir(t)
  const path = join(dir, 'onion.key')
  const { address } = loadKey(path)
  const other = makeKey()
  const file = join(dir, 'other')
  writeFileSync(file, formatKey(other))
  t.match(await tidepool('onion', 'export', file, '--data', dir), {
    code: 1,
    stderr: /already exists .*\n {2}next: choose another name/,
  })
  t.match(await tidepool('onion', 'import', file, '--data', dir), {
    code: 1,
    stderr: /next: add --replace to rename it/,
  })
  t.equal(loadKey(path).address, address)
  t.match(await tidepool('onion', 'import', file, '--data', dir, '--replace'), { code: 0 })
  t.equal(loadKey(path).address, other.address)
  t.equal(loadKey(`${path}.old`).address, address)
  t.match(await tidepool('onion', 'import', file, '--data', dir, '--replace'), { code: 1, stderr: /\.old/ })
})

t.test('an invalid key is rejected, and a missing one reported', async (t) => {
  const dir = await shortDir(t)
  t.match(await tidepool('onion', 'export', '--data', dir), {
    code: 1,
    stderr: /not_found.*\n {2}next: set onion\.enabled/,
  })
  const file = join(dir, 'rubble')
  writeFileSync(file, 'rubble')
  t.match(await tidepool('onion', 'import', file, '--data', dir), {
    code: 1,
    stderr: /damaged.*\n {2}next: give a file from "tidepool onion export"/,
  })
  t.match(await tidepool('onion', 'import', join(dir, 'none'), '--data', dir), { code: 1, stderr: /ENOENT/ })
  t.notOk(existsSync(join(dir, 'onion.key')))
})
