// SPDX-License-Identifier: AGPL-3.0-or-later
// Feed ids, SSB URIs, invite codes, link tokens and aliases, beside the parsers that clients use.

import { createRequire } from 'node:module'
import fc from 'fast-check'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { isDialable } from '../../src/lib/host.js'
import { isAlias, isLabel, isRegistration, normalAlias, signRegistration } from '../../src/ssb/alias.js'
import { feedIdOf, isFeedId, keyOf, readFeedId } from '../../src/ssb/feed-id.js'
import { formatInviteCode, parseInviteCode, seedOf, tokenOf } from '../../src/ssb/invite-code.js'
import { inviteLink, seedOfLink } from '../../src/ssb/links.js'
import { damage, fuzz } from './fuzz.js'

const require = createRequire(import.meta.url)
const ref = require('ssb-ref')
const uri = require('ssb-uri2')

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))
const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.string({ maxLength: 20 }))

t.test('feed ids', async (t) => {
  await fuzz(
    fc.property(bytes32, damage, (key, change) => {
      const id = feedIdOf(key)
      if (!isFeedId(id) || !ref.isFeedId(id) || !keyOf(id).equals(key)) throw new Error('an id is none')
      const changed = change(Buffer.from(id)).toString()
      if (isFeedId(changed) && !ref.isFeedId(changed)) throw new Error('we accept what ssb-ref rejects')
      if (isFeedId(changed) && feedIdOf(keyOf(changed)) !== changed)
        throw new Error('two spellings of one key')
    }),
  )
  t.pass('one spelling each')
})

t.test('SSB URIs', async (t) => {
  await fuzz(
    fc.property(bytes32, damage, (key, change) => {
      const id = feedIdOf(key)
      const text: string = uri.fromFeedSigil(id)
      if (readFeedId(text) !== id) throw new Error(`unread: ${text}`)
      const read = readFeedId(change(Buffer.from(text)).toString())
      if (read !== null && !isFeedId(read)) throw new Error('no feed id')
    }),
  )
  await fuzz(
    fc.property(fc.oneof(fc.anything(), fc.string(), fc.webUrl()), (value) => {
      const read = readFeedId(value)
      if (read !== null && !isFeedId(read)) throw new Error('no feed id')
    }),
  )
  t.pass('read as ssb-uri2 writes them')
})

t.test('invite codes', async (t) => {
  await fuzz(
    fc.property(
      host,
      fc.integer({ min: 1, max: 65_535 }),
      bytes32,
      bytes32,
      damage,
      (host, port, key, seed, change) => {
        if (!isDialable(host)) return
        const code = formatInviteCode({ host, port, relay: feedIdOf(key), seed })
        if (!ref.isInvite(code)) throw new Error(`no invite to ssb-ref: ${code}`)
        const read = parseInviteCode(code)
        if (read.host !== host || read.port !== port || !read.seed.equals(seed))
          throw new Error('read otherwise')
        const changed = change(Buffer.from(code)).toString()
        try {
          parseInviteCode(changed)
        } catch (err) {
          if ((err as { code?: string }).code !== 'invite_malformed') throw err
        }
      },
    ),
  )
  t.pass('read by ssb-ref and by us')
})

t.test('link tokens', async (t) => {
  await fuzz(
    fc.property(bytes32, damage, (seed, change) => {
      const token = tokenOf(seed)
      if (!seedOf(token)?.equals(seed) || !seedOfLink(inviteLink('https://a.example', seed))?.equals(seed))
        throw new Error('unread')
      const changed = change(Buffer.from(token)).toString()
      const read = seedOf(changed)
      if (read && tokenOf(read) !== changed) throw new Error('two spellings of one seed')
      seedOfLink(changed)
    }),
  )
  t.pass('one spelling each')
})

t.test('aliases', async (t) => {
  const [keys, room] = [ssbKeys.generate(), ssbKeys.generate().id]
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,70}$/),
    fc.constantFrom('K', '__proto__', 'xn--a'),
  )
  await fuzz(
    fc.property(text, text, (alias, other) => {
      const normal = normalAlias(alias)
      if (normalAlias(normal) !== normal) throw new Error('not normal')
      if (
        isAlias(alias) &&
        (!isLabel(alias) ||
          normal !== alias ||
          new URL(`http://${alias}.example`).host !== `${alias}.example`)
      )
        throw new Error(`no label of a host: ${alias}`)
      const signature = signRegistration(keys, room, alias)
      if (!isRegistration(room, keys.id, alias, signature)) throw new Error('our own registration is none')
      if (other !== alias && isRegistration(room, keys.id, other, signature))
        throw new Error('good for another alias')
      if (isRegistration(room, keys.id, alias, other)) throw new Error('any text is a signature')
    }),
    { cost: 10 },
  )
  t.pass('labels of hosts, signed by their owners')
})
