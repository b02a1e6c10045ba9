// SPDX-License-Identifier: AGPL-3.0-or-later
// Texts by others: tor's replies, onion keys, and configuration files. They are read, or rejected in words.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { KEYS, loadConfig } from '../../src/config/config.js'
import { RelayError } from '../../src/lib/errors.js'
import { findKey, TOR_HEAD } from '../../src/onion/key-forms.js'
import { createReplyReader, infoOf, type Reply, valueIn } from '../../src/onion/replies.js'
import { temporaryDir } from '../helpers/store.js'
import { anyBytes, cut, damage, fuzz } from './fuzz.js'

t.test('tor’s replies', async (t) => {
  const text = fc.stringMatching(/^[ -~]{0,60}$/)
  const line = fc.tuple(fc.constantFrom('-', '+'), text, fc.array(text, { maxLength: 3 }))
  const reply = fc.tuple(fc.integer({ min: 100, max: 699 }), fc.array(line, { maxLength: 3 }), text)
  const encode = ([code, lines, last]: [number, Array<[string, string, string[]]>, string]): string =>
    `${lines.map(([separator, said, data]) => `${code}${separator}${said}\r\n${separator === '+' ? `${data.map((row) => `${row.startsWith('.') ? '.' : ''}${row}\r\n`).join('')}.\r\n` : ''}`).join('')}${code} ${last}\r\n`
  await fuzz(
    fc.property(
      fc.array(reply, { maxLength: 4 }),
      damage,
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.boolean(),
      (replies, change, places, damaged) => {
        const whole = Buffer.from(replies.map(encode as never).join(''))
        const got: Reply[] = []
        const read = createReplyReader((reply) => {
          got.push(reply)
          for (const { text } of reply.lines) valueIn(text, 'PROGRESS')
          infoOf(reply, 'status/bootstrap-phase')
        })
        try {
          for (const piece of cut(damaged ? change(whole) : whole, places)) read(piece)
        } catch (err) {
          if (!damaged || !/control protocol|no end/.test((err as Error).message)) throw err
        }
        if (damaged) return
        const seen = got.map(({ code, lines }) => [code, lines.map(({ text }) => text)])
        const sent = replies.map(([code, lines, last]) => [code, [...lines.map(([, said]) => said), last]])
        if (JSON.stringify(seen) !== JSON.stringify(sent)) throw new Error('read otherwise')
      },
    ),
  )
  t.pass('read as sent, however they are cut')
})

t.test('onion keys', async (t) => {
  const key = anyBytes(70)
  const forms: Array<(bytes: Buffer) => Buffer> = [
    (bytes) => Buffer.concat([TOR_HEAD, bytes]),
    (bytes) => Buffer.from(`ED25519-V3:${bytes.toString('base64')}\n`),
    (bytes) => Buffer.from(`hs_ed25519_secret_key: ${bytes.toString('base64')}\n`),
    (bytes) => bytes,
  ]
  await fuzz(
    fc.property(key, fc.constantFrom(...forms), damage, fc.boolean(), (bytes, form, change, damaged) => {
      const whole = form(bytes)
      const found = findKey(damaged ? change(whole) : whole)
      if ('expanded' in found ? found.expanded.length !== 64 : found.instead === '')
        throw new Error('neither key nor words')
    }),
  )
  t.pass('a key of 64 bytes, or words')
})

t.test('configuration files and --set', async (t) => {
  const file = join(temporaryDir(t), 'relay.toml')
  const names = Object.keys(KEYS)
  const value = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.constantFrom('true', '"a"', '[]', '{}', '1e400', 'nan', '1979-05-27', '""', '0x10'),
  )
  const line = fc.tuple(
    fc.oneof(fc.constantFrom(...names, '__proto__.x', 'constructor', 'ssb'), fc.string()),
    value,
  )
  const read = (sources: Parameters<typeof loadConfig>[0]): void => {
    try {
      loadConfig(sources)
    } catch (err) {
      if (!(err instanceof RelayError) || err.code !== 'config_invalid') throw err
    }
  }
  await fuzz(
    fc.property(fc.array(line, { maxLength: 4 }), damage, (lines, change) => {
      writeFileSync(file, change(Buffer.from(lines.map(([name, text]) => `${name} = ${text}\n`).join(''))))
      read({ file })
      read({ sets: lines.map(([name, text]) => `${name}=${text}`) })
    }),
    { cost: 5 },
  )
  t.notOk('x' in {}, 'no prototype is changed')
})
