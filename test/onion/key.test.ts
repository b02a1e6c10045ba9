// SPDX-License-Identifier: AGPL-3.0-or-later
// The key file: created once, never overwritten, and every kind of invalid file is recognized.

import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatKey, loadKey, makeKey, parseKey, readKey, writeKey } from '../../src/onion/key.js'

t.test('a missing key is created and kept', async (t) => {
  const path = join(t.testdir({}), 'onion.key')
  const key = loadKey(path)
  t.match(key, { address: /^[a-z2-7]{56}\.onion$/, tightened: false })
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.same(loadKey(path), key)
  t.not(makeKey().address, key.address)
})

t.test('an existing key is not overwritten', async (t) => {
  const path = join(t.testdir({}), 'onion.key')
  const { address } = loadKey(path)
  t.throws(() => writeKey(path, makeKey()), { code: 'data_unusable' })
  t.equal(readKey(path).address, address)
})

t.test('a leftover of an interrupted write does not matter', async (t) => {
  const path = join(t.testdir({ 'onion.key.new': 'half' }), 'onion.key')
  t.equal(loadKey(path).address, readKey(path).address)
})

t.test('an invalid file is rejected and left unchanged', async (t) => {
  const key = makeKey()
  const other = makeKey()
  const good = formatKey(key)
  const flipped = good.replace(/V3:(.)/, (_, first) => `V3:${first === 'A' ? 'B' : 'A'}`)
  const cases: Array<[what: string, bytes: string | Buffer, complaint: RegExp]> = [
    ['empty', '', /damaged/],
    ['cut', good.slice(0, -10), /damaged/],
    ['a bit turned', flipped, /damaged/],
    ['zeros', Buffer.alloc(200), /damaged/],
    ['two keys', good + formatKey(other), /damaged/],
    ['the address of another', good.replace(key.address, other.address), /another/],
    ['a key of an old kind', good.replace('ED25519-V3', 'RSA1024'), /another kind/],
    ['a key of another program', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n', /another kind/],
    ['of 5 KB', 'x'.repeat(5000), /not a key file/],
  ]
  const path = join(t.testdir({}), 'onion.key')
  for (const [what, bytes, complaint] of cases) {
    writeFileSync(path, bytes, { mode: 0o600 })
    t.throws(() => loadKey(path), { code: 'data_unusable', message: complaint }, what)
    t.same(readFileSync(path), Buffer.from(bytes), `${what}: as it was`)
  }
  mkdirSync(`${path}.dir`)
  t.throws(() => loadKey(`${path}.dir`), { code: 'data_unusable' }, 'a directory')
})

t.test('a file that others could read gets its mode corrected, and that is reported', async (t) => {
  const path = join(t.testdir({}), 'onion.key')
  const { address } = loadKey(path)
  chmodSync(path, 0o644)
  t.match(loadKey(path), { address, tightened: true })
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.match(loadKey(path), { tightened: false })
})

t.test('the key file of a tor that has served the address so far is accepted', async (t) => {
  const key = makeKey()
  const head = Buffer.from('== ed25519v1-secret: type0 ==\0\0\0')
  const bytes = Buffer.concat([head, Buffer.from(key.blob, 'base64')])
  t.same(parseKey(bytes, 'x'), key)
  bytes[32] = 0xff
  t.throws(() => parseKey(bytes, 'x'), { code: 'data_unusable' })
})

t.test('key formats of other programs are accepted', async (t) => {
  const key = makeKey()
  const head = Buffer.from('== ed25519v1-secret: type0 ==\0\0\0')
  const tor = Buffer.concat([head, Buffer.from(key.blob, 'base64')])
  const publicKey = Buffer.concat([Buffer.from('== ed25519v1-public: type0 ==\0\0\0'), Buffer.alloc(32, 7)])
  const yaml = (secret: string, hostname = key.address) =>
    `---\nhostname: ${hostname}\nhs_ed25519_public_key: ${publicKey.toString('base64')}\nhs_ed25519_secret_key: ${secret}\ntime: 2025-05-01 12:00:00 Z\n...\n`
  for (const text of [
    `ED25519-V3:${key.blob}`,
    `ED25519-V3:${key.blob}\r\n`,
    key.blob,
    tor.toString('base64'),
    yaml(tor.toString('base64')),
    yaml(`"${tor.toString('base64')}"`),
  ])
    t.same(parseKey(Buffer.from(text), 'x'), key, text)
  const refused: Array<[string | Buffer, RegExp]> = [
    [yaml(tor.toString('base64'), makeKey().address), /another address/],
    [yaml(tor.toString('base64')).repeat(2), /more than one key/],
    [yaml(tor.toString('base64').slice(0, -8)), /damaged/],
    [publicKey, /is the public key/],
    [publicKey.toString('base64'), /is the public key/],
    [`${key.address}\n`, /an address without its key/],
    [Buffer.alloc(32, 7).toString('base64'), /seed or a public key/],
    ['RSA1024:MIICXAIBAAKBgQ', /16 characters/],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIICXAIBAAKBgQ', /PEM/],
    [`${'a'.repeat(56)}:descriptor:x25519:${'A'.repeat(52)}`, /client authorization key/],
  ]
  for (const [bytes, words] of refused)
    t.throws(() => parseKey(Buffer.from(bytes as string), 'x'), { code: 'data_unusable', message: words })
})

t.test('a dangling link to a key does not lead to a new key', async (t) => {
  const dir = t.testdir({})
  const path = join(dir, 'onion.key')
  symlinkSync(join(dir, 'stick', 'onion.key'), path)
  t.throws(() => loadKey(path), { code: 'data_unusable' })
  t.ok(lstatSync(path).isSymbolicLink())
})
