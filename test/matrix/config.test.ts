// SPDX-License-Identifier: AGPL-3.0-or-later
// The keys `matrix.*`: lists, ports given as numbers, and combinations that make no sense.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { diffConfig, loadConfig } from '../../src/config/config.js'
import { loadSigningKey } from '../../src/matrix/identity.js'

const load = (...sets: string[]) => loadConfig({ sets })

t.test('defaults, lists and numbers', async (t) => {
  t.match(load().matrix, {
    enabled: false,
    room: 'lobby',
    room_version: 12,
    keep_messages: 2000,
    keep_days: 30,
    port: null,
  })
  t.same(load().matrix.allow, [])
  for (const text of ["['127.0.0.0/8','fd00::/8']", '["127.0.0.0/8", "fd00::/8"]', '127.0.0.0/8, fd00::/8'])
    t.same(load(`matrix.allow=${text}`).matrix.allow, ['127.0.0.0/8', 'fd00::/8'], text)
  for (const bad of ['10.0.0.0', '10.0.0.0/33', 'x/8', '::/129'])
    t.throws(() => load(`matrix.allow=['${bad}']`), { code: 'config_invalid' }, bad)
  const dir = mkdtempSync(join(tmpdir(), 'tp-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const file = join(dir, 'config.toml')
  writeFileSync(file, '[matrix]\nport = 8448\nroom_version = 11\nallow = ["10.0.0.0/8"]\n')
  t.match(loadConfig({ file }).matrix, { port: '8448', room_version: 11, allow: ['10.0.0.0/8'] })
  writeFileSync(file, '[matrix]\nallow = "10.0.0.0/8"\n')
  t.throws(() => loadConfig({ file }), { message: /list/ })
  t.same(diffConfig(load('matrix.allow=10.0.0.0/8'), load('matrix.allow=10.0.0.0/8')), {
    applied: [],
    needs_restart: [],
  })
})

t.test('what does not go together', async (t) => {
  const tls = ['matrix.tls_key=/k', 'matrix.tls_cert=/c']
  t.doesNotThrow(() =>
    load('matrix.enabled=true', 'matrix.server_name=a.example', 'matrix.port=8448', ...tls),
  )
  t.doesNotThrow(() => load('matrix.enabled=true', 'domain.name=a.example', 'domain.acme_email=a@b.example'))
  t.doesNotThrow(() => load('matrix.enabled=true', 'domain.name=a.example', 'domain.proxy=127.0.0.1'))
  const wrong: Array<[RegExp, ...string[]]> = [
    [/server_name or domain.name/, 'matrix.enabled=true', 'matrix.port=8448', ...tls],
    [/HTTPS for the domain/, 'matrix.enabled=true', 'matrix.server_name=a.example'],
    [/must be set together/, 'matrix.tls_key=/k'],
    [/matrix.port needs/, 'matrix.enabled=true', 'matrix.server_name=a.example', 'matrix.port=8448'],
    [/lower-case/, 'matrix.room=Lobby Room'],
    [/10 to 12/, 'matrix.room_version=9'],
    [/host name/, 'matrix.server_name=a b'],
  ]
  for (const [words, ...sets] of wrong) t.throws(() => load(...sets), { message: words }, sets.join(' '))
})

t.test('the signing key is made once, kept, and a damaged one is left alone', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tp-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const path = join(dir, 'matrix.key')
  const { id, public: open } = loadSigningKey(path)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.match(loadSigningKey(path), { id, public: open })
  t.match(readFileSync(path, 'utf8'), /^ed25519 a_[0-9a-f]{6} [A-Za-z0-9+/]{43}\n$/)
  for (const text of ['', 'ed25519 a', 'ed25519 a_1 short', 'x y z']) {
    writeFileSync(path, text)
    t.throws(() => loadSigningKey(path), { code: 'data_unusable' }, text)
    t.equal(readFileSync(path, 'utf8'), text)
  }
})
