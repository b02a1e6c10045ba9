// SPDX-License-Identifier: AGPL-3.0-or-later
// What search engines may list, in each mode.

import t from 'tap'
import { openSite } from '../site.js'

t.test('the front page and notices, unless the room is restricted', async (t) => {
  const site = await openSite(t)
  for (const mode of ['open', 'community'] as const) {
    site.face.mode = mode
    const { status, text, headers } = await site.visitor().get('/robots.txt')
    t.equal(status, 200)
    t.match(headers['content-type'], 'text/plain')
    t.match(text, /^User-agent: \*\nDisallow: \/alias\/\n/)
    for (const path of ['/dashboard', '/invite', '/join', '/login', '/setup'])
      t.match(text, `\nDisallow: ${path}\n`)
    t.notMatch(text, /^Disallow: \/$/m)
  }
  site.face.mode = 'restricted'
  t.equal((await site.visitor().get('/robots.txt')).text, 'User-agent: *\nDisallow: /\n')
})
