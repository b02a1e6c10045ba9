// SPDX-License-Identifier: AGPL-3.0-or-later
// Aliases: valid strings and registration signatures.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { isAlias, isRegistration, normalAlias, signRegistration } from '../../src/ssb/alias.js'

t.test('an alias is a host name label', async (t) => {
  for (const good of ['a', 'bob', 'bob-2', 'a--b', 'bob--2', 'x'.repeat(63)]) t.ok(isAlias(good), good)
  const bad: unknown[] = [
    ...['', '-bob', 'bob-', '2bob', 'Bob', 'bob.smith', 'bob smith', 'bob\n', 'x'.repeat(64), 'bоb', 'böb'],
    ...['xn--dmin-koa', 'ab--c', 'notice', 'language', 'dashboard', 'healthz', 'whois', 'assets'],
    ...['__proto__', 'constructor.x', 'www', 'admin', 'invite', null, undefined, 7, {}, ['bob']],
  ]
  for (const value of bad) t.notOk(isAlias(value), JSON.stringify(value))
  t.ok(isAlias(normalAlias('BOB')))
})

t.test('a registration is signed by its owner, for this room and this alias', async (t) => {
  const [user, other] = [ssbKeys.generate(), ssbKeys.generate()]
  const room = ssbKeys.generate().id
  const signature = signRegistration(user, room, 'bob')
  t.equal(
    signature,
    ssbKeys.sign(user, `=room-alias-registration:${room}:${user.id}:bob`),
    'over the text of the Rooms 2 specification',
  )
  t.ok(isRegistration(room, user.id, 'bob', signature))
  t.notOk(isRegistration(room, other.id, 'bob', signature), 'another user')
  t.notOk(isRegistration(other.id, user.id, 'bob', signature), 'another room')
  t.notOk(isRegistration(room, user.id, 'rob', signature), 'another name')
  t.notOk(isRegistration(room, user.id, 'bob', signRegistration(other, room, 'bob')), 'another key')
  const wrong: unknown[] = [
    null,
    7,
    {},
    '',
    signature.slice(1),
    `${signature}x`,
    signature.replace('.sig', '.gis'),
    [signature],
  ]
  for (const value of wrong) t.notOk(isRegistration(room, user.id, 'bob', value), JSON.stringify(value))
})
