// SPDX-License-Identifier: AGPL-3.0-or-later
// The default captcha image.

import t from 'tap'
import { drawCaptcha } from '../../src/web/captcha-image.js'
import { titleOf, Visitor } from '../helpers/http.js'
import { ANSWER, openSite, RELAY_ID } from './site.js'

t.test('is a GIF of four letters that can be told apart', async (t) => {
  const seen = new Set<string>()
  for (let n = 0; n < 200; n++) {
    const { answer, image, type } = await drawCaptcha()
    if (!/^[a-z]{4}$/.test(answer) || /[fijlmnou]|[rvw]{2}|(.)\1/.test(answer)) t.fail(answer)
    if (image.subarray(0, 6).toString() !== 'GIF89a' || type !== 'image/gif') t.fail('not a GIF')
    seen.add(answer)
  }
  t.ok(seen.size > 190, 'hardly ever the same')
})

t.test('is the default of the site', async (t) => {
  const site = await openSite(t)
  const { createWeb } = await import('../../src/web/app.js')
  const { createLog } = await import('../../src/lib/log.js')
  const web = await createWeb(
    {
      invites: { get: () => null, claim: async () => 'joined' },
      findAlias: () => null,
      face: () => site.face,
      hostnames: () => site.names,
      knock: async () => 'waiting',
      setup: { pending: () => false, knows: () => false, claim: async () => {} },
      log: createLog('silent'),
      mintInvite: async ({ host, port }) => ({ code: `${host}:${port}:${RELAY_ID}~`, expires: Date.now() }),
    },
    { host: '127.0.0.1', port: 0, captcha: true, question: null, perHour: 1, expiresDays: 7 },
  )
  t.teardown(() => web.close())
  const visitor = new Visitor(web.url)
  await visitor.get('/invite/')
  const image = await visitor.get('/invite/captcha.gif')
  t.equal(image.status, 200)
  // width 200, height 70, little endian, right after the signature
  t.equal(image.body.subarray(6, 10).toString('hex'), 'c8004600')
  const wrong = await visitor.post(ANSWER, { captcha: 'zzzz' })
  t.equal(wrong.status, 403)
  t.notMatch(titleOf(wrong.text), RELAY_ID)
})
