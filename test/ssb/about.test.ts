// SPDX-License-Identifier: AGPL-3.0-or-later
// What a feed's owner says about themselves.

import t from 'tap'
import { PROFILE_DESCRIPTION_CHARS, PROFILE_NAME_CHARS } from '../../src/lib/limits.js'
import { readAbout } from '../../src/ssb/about.js'

const ANA = '@HEqy940T6uB+T+d9Jaa58aNfRzLx9eRWqkZljBmnkmk=.ed25519'
const BEN = '@RIPYLqhzKh54mwDZvr9tSRPXRyCZwk4dkJ8dLPDrLUw=.ed25519'
const BLOB = '&AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=.sha256'
const value = (content: unknown): string => JSON.stringify({ previous: null, author: ANA, content })
const read = (fields: object): unknown => readAbout(value({ type: 'about', about: ANA, ...fields }), ANA)

t.test('the fields that are set', async (t) => {
  t.same(read({ name: 'Ana', description: 'Swims.\nA lot.', image: BLOB }), {
    name: 'Ana',
    description: 'Swims.\nA lot.',
    image: BLOB,
  })
  t.same(read({ image: { link: BLOB, size: 12 } }), { image: BLOB }, 'an image as Patchwork writes it')
  t.same(read({ image: `${BLOB}?unbox=AQ==.boxs` }), { image: BLOB })
  t.same(read({ name: '', image: 'http://example.org/a.png' }), { name: '', image: '' }, 'emptied')
})

t.test('what says nothing', async (t) => {
  for (const fields of [
    {},
    { name: 5, description: ['a'], image: 7 },
    { image: null },
    { about: BEN, name: 'Ben' },
  ])
    t.equal(read(fields), null, JSON.stringify(fields))
  t.equal(readAbout(value('c2VjcmV0.box'), ANA), null)
  t.equal(readAbout(value({ type: 'post', text: '{"type":"about"}', name: 'x' }), ANA), null)
  t.equal(readAbout(value({ type: 'post', nested: { type: 'about', about: ANA, name: 'x' } }), ANA), null)
})

t.test('long texts are cut, and never inside a character', async (t) => {
  const { name, description } = read({ name: '𝒜'.repeat(4000), description: `a${'🐟'.repeat(4000)}` }) as {
    name: string
    description: string
  }
  t.equal(name, '𝒜'.repeat(PROFILE_NAME_CHARS / 2))
  t.equal(description, `a${'🐟'.repeat(PROFILE_DESCRIPTION_CHARS / 2 - 1)}`)
})
