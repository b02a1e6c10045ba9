// SPDX-License-Identifier: AGPL-3.0-or-later
// Redirects after a form lead to our own pages only.

import t from 'tap'
import { afterSignIn, ownPath, signInPath } from '../../src/web/own-path.js'

const FOREIGN = [
  ...['//evil.example', '/\\\\evil.example', 'https://evil.example/', '/.//evil.example', '', 'dashboard'],
  ...['/dashboard/../..//evil.example', '/a b', '/dashboard/\n', `/notice/${'x'.repeat(400)}`],
]

t.test('a path of another site leads to the front page', async (t) => {
  for (const path of FOREIGN.slice(0, 5)) t.equal(ownPath(path), '/', path)
  t.equal(ownPath('/invite/?a=b'), '/invite/?a=b')
  t.equal(ownPath(undefined), '/')
})

t.test('after sign-in the wanted page is opened, if it is a page of members', async (t) => {
  const wanted = ['/dashboard/invites', '/dashboard/log?before=7', '/notice/rules']
  for (const path of wanted) {
    t.equal(afterSignIn(path), path)
    t.equal(signInPath(path), `/login?to=${encodeURIComponent(path)}`)
  }
  const others = [
    '/dashboard/do/leave',
    '/login',
    '/',
    '/dashboard',
    '/dashboard/../logout',
    ['/notice/rules'],
  ]
  for (const path of [...FOREIGN, ...others, null, undefined]) {
    t.equal(afterSignIn(path), '/dashboard', String(path))
    t.equal(signInPath(path), '/login', String(path))
  }
})
