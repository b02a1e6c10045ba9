// SPDX-License-Identifier: AGPL-3.0-or-later
// Unknown Host headers.

import t from 'tap'
import { ANSWER, ONION, openSite } from '../site.js'

t.test('are rejected everywhere, without an echo', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  const Host = 'evil.example'
  for (const path of ['/', '/invite/', ANSWER, '/healthz', '/nothing']) {
    const { status, text, headers } = await visitor.get(path, { Host, 'X-Forwarded-Host': 'pool.example' })
    t.equal(status, 421, path)
    t.match(text, 'wrong_host')
    t.notMatch(text, /evil|Rock pool|onion|pool\.example|ed25519/)
    t.match(text, `<a href="${site.url}/">${site.url}</a>`, 'where it would be answered')
    t.match(text, 'web.names')
    t.equal(headers['set-cookie'], undefined)
  }
  t.equal((await visitor.post(ANSWER, { captcha: answer }, { Host })).status, 421)
  t.equal(site.minted.length, 0)
  t.equal((await visitor.get('/assets/style.css', { Host })).status, 200, 'the refusal has a style')
  const told = site.lines.filter((line) => line.includes('unknown host rejected'))
  t.match(JSON.parse(told[0] ?? ''), { host: Host, answers: ['pool.example', ONION, '127.0.0.1'] })
  t.equal(told.length, 1)
  const json = await visitor.get('/', { Host, Accept: 'application/json' })
  t.same(JSON.parse(json.text), { error: { code: 'wrong_host', message: 'not a name of this relay' } })
  t.equal((await visitor.post(ANSWER, { captcha: answer })).status, 200, 'and cost the captcha nothing')
})
