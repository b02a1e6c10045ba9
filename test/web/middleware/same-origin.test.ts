// SPDX-License-Identifier: AGPL-3.0-or-later
// Forms of other sites.

import t from 'tap'
import { ANSWER, openSite } from '../site.js'

t.test('are rejected if the browser reports them', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  for (const headers of [
    { Origin: 'https://evil.example' },
    { Origin: `http://127.0.0.1:${site.web.port + 1}` },
    { Origin: 'nonsense' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'null' },
  ]) {
    const reply = await visitor.post(ANSWER, { captcha: answer }, headers)
    t.equal(reply.status, 403, JSON.stringify(headers))
    t.match(reply.text, 'not_allowed')
  }
  t.equal(site.minted.length, 0)
})

t.test('our own forms pass', async (t) => {
  const site = await openSite(t)
  for (const headers of [
    { Origin: site.url, 'Sec-Fetch-Site': 'same-origin' },
    { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'none' },
  ]) {
    const { visitor, answer } = await site.withCaptcha()
    t.equal((await visitor.post(ANSWER, { captcha: answer }, headers)).status, 200, JSON.stringify(headers))
  }
})
