// SPDX-License-Identifier: AGPL-3.0-or-later
// Sessions: capped, expiring, with random ids.

import t from 'tap'
import { SESSION_MS, SESSIONS } from '../../src/lib/limits.js'
import { remember, type WebSession, WebSessions } from '../../src/web/sessions.js'

t.test('a session lives while it is used', async (t) => {
  const clock = { now: 0 }
  const sessions = new WebSessions(() => clock.now)
  const session = sessions.create()
  t.match(session.id, /^[A-Za-z0-9_-]{43}$/, '256 bits')
  t.not(sessions.create().id, session.id)
  clock.now += SESSION_MS - 1
  t.equal(sessions.get(session.id), session)
  t.equal(sessions.size, 2)
  clock.now += SESSION_MS - 1
  t.equal(sessions.get(session.id), session, 'being seen counts')
  t.equal(sessions.size, 1, 'the one not seen is gone')
  clock.now += SESSION_MS
  t.equal(sessions.get(session.id), undefined)
  t.equal(sessions.size, 0)
})

t.test('a flood of new sessions does not evict returning visitors', async (t) => {
  const sessions = new WebSessions(() => 0)
  const reader = sessions.create()
  t.equal(sessions.get(reader.id), reader, 'fetched the picture')
  const passer = sessions.create()
  for (let n = 0; n < SESSIONS; n++) sessions.create()
  t.equal(sessions.size, SESSIONS + 1)
  t.equal(sessions.get(passer.id), undefined, 'the oldest newcomer made room')
  t.equal(sessions.get(reader.id), reader)
})

t.test('of returning visitors the least recently seen is evicted', async (t) => {
  const sessions = new WebSessions(() => 0)
  const comeBack = () => sessions.get(sessions.create().id) as WebSession
  const first = comeBack()
  const second = comeBack()
  for (let n = 2; n < SESSIONS; n++) comeBack()
  t.equal(sessions.get(first.id), first)
  comeBack()
  t.equal(sessions.size, SESSIONS)
  t.equal(sessions.get(second.id), undefined)
  t.equal(sessions.get(first.id), first)
})

t.test('ids from clients are looked up only', async (t) => {
  const sessions = new WebSessions(() => 0)
  for (const id of ['', '__proto__', 'constructor', 'toString']) t.equal(sessions.get(id), undefined)
})

t.test('keeps the last codes only', async (t) => {
  const session = new WebSessions(() => 0).create()
  for (let n = 0; n < 20; n++) remember(session, { code: `code ${n}`, expires: 0 })
  t.equal(session.issued.length, 8)
  t.equal(session.issued.at(-1)?.code, 'code 19')
})
