// SPDX-License-Identifier: AGPL-3.0-or-later
// Arguments of calls: types, and own fields only.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import {
  asObject,
  booleanField,
  feedField,
  integerField,
  numberField,
  textField,
} from '../../src/peer/arguments.js'

const inherited = (field: string, value: unknown): Record<string, unknown> =>
  Object.create({ [field]: value }) as Record<string, unknown>

t.test('an object, and no array', async (t) => {
  for (const wrong of [undefined, null, 7, 'text', true, []])
    t.throws(() => asObject(wrong), { code: 'bad_argument' }, JSON.stringify(wrong))
  t.same(asObject({ a: 1 }), { a: 1 })
})

t.test('a feed id', async (t) => {
  const { id } = ssbKeys.generate()
  t.equal(feedField({ feed: id }, 'feed'), id)
  for (const wrong of [undefined, null, '', [id], { id }, `${id}A`, id.slice(1)])
    t.throws(() => feedField({ feed: wrong }, 'feed'), { code: 'bad_feed_id' }, JSON.stringify(wrong))
  t.throws(() => feedField(inherited('feed', id), 'feed'), { code: 'bad_feed_id' }, 'its own alone')
})

t.test('true, false or the value for none', async (t) => {
  t.equal(booleanField({ live: true }, 'live', false), true)
  t.equal(booleanField({ live: null }, 'live', true), true)
  t.equal(booleanField({}, 'live', true), true)
  t.equal(booleanField(inherited('live', true), 'live', false), false)
  for (const wrong of [0, 1, 'true', [], {}])
    t.throws(() => booleanField({ live: wrong }, 'live', false), { code: 'bad_argument' })
})

t.test('numbers', async (t) => {
  t.equal(integerField({ limit: -3 }, 'limit'), -3)
  t.equal(numberField({ days: 0.5 }, 'days'), 0.5)
  for (const read of [integerField, numberField]) {
    t.equal(read({ n: null }, 'n'), undefined)
    t.equal(read({}, 'n'), undefined)
    t.equal(read(inherited('n', 1), 'n'), undefined)
    for (const wrong of ['1', [], {}, true, Number.NaN, Number.POSITIVE_INFINITY])
      t.throws(() => read({ n: wrong }, 'n'), { code: 'bad_argument' }, String(wrong))
  }
  t.throws(() => integerField({ limit: 1.5 }, 'limit'), { code: 'bad_argument' })
})

t.test('text', async (t) => {
  t.equal(textField({ note: '' }, 'note'), '')
  t.equal(textField({ note: null }, 'note'), undefined)
  t.equal(textField(inherited('note', 'x'), 'note'), undefined)
  for (const wrong of [7, [], {}, true])
    t.throws(() => textField({ note: wrong }, 'note'), { code: 'bad_argument' })
})
