// SPDX-License-Identifier: AGPL-3.0-or-later
// The errors that strangers see: stable codes and messages, without internal detail.

import t from 'tap'
import { ERRORS, isErrorCode, RelayError, toPublicError } from '../../src/lib/errors.js'

t.test('an error carries its code, message and status', async (t) => {
  const err = new RelayError('invite_expired')
  t.match(err, { code: 'invite_expired', name: 'invite_expired', message: 'invite expired', status: 410 })
  t.ok(err instanceof Error)
  t.equal(new RelayError('bad_argument', 'uses is a number').message, 'bad argument: uses is a number')
  const cause = new Error('inside')
  t.equal(new RelayError('internal', undefined, { cause }).cause, cause)
})

t.test('messages that clients compare are unchanged', async (t) => {
  const words = ['invite_unknown', 'invite_used_up', 'invite_expired', 'already_following'] as const
  t.same(
    words.map((code) => new RelayError(code).message),
    ['invite unknown', 'invite used up', 'invite expired', 'already following'],
  )
})

t.test('codes and messages are unique, and every status is an error status', async (t) => {
  const all = Object.entries(ERRORS)
  t.equal(new Set(all.map(([, { words }]) => words)).size, all.length)
  for (const [code, { words, status }] of all) {
    t.match(code, /^[a-z_]+$/)
    t.match(words, /^[a-z][a-z ,-]+$/)
    t.ok(status >= 400 && status < 600)
  }
})

t.test('only codes of the list are accepted', async (t) => {
  t.ok(isErrorCode('internal'))
  for (const other of ['nonsense', '__proto__', 'toString', '', null, undefined, 5, ['internal'], {}]) {
    t.notOk(isErrorCode(other), String(other))
  }
})

t.test('other errors become an internal error without detail', async (t) => {
  const ours = new RelayError('not_found')
  t.equal(toPublicError(ours), ours)
  for (const thrown of [new Error('the password is x'), 'text', null, undefined, { message: 'x' }]) {
    const err = toPublicError(thrown)
    t.match(err, { code: 'internal', message: /^internal error$/, status: 500 })
    t.equal(err.cause, thrown)
  }
})
