// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /invite/captcha.wav: the letters of the picture as sound, by the rules of the picture.

import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { CAPTCHA_SOUNDS } from '../../../src/lib/limits.js'
import { ANSWER, openSite } from '../site.js'

const SOUND = '/invite/captcha.wav'
/** Letters that the puzzle can have, as the sound leaves out others. */
const WORD = 'aehlm'

function openSpoken(t: Parameters<typeof openSite>[0]) {
  const image = Buffer.from('GIF89a')
  return openSite(t, {}, { drawCaptcha: async () => ({ answer: WORD, image, type: 'image/gif' }) })
}

t.test('belongs to a session, and is the same at each request', async (t) => {
  const site = await openSpoken(t)
  t.equal((await site.visitor().get(SOUND)).status, 404, 'no session, no sound')
  const visitor = site.visitor()
  const page = await visitor.get('/invite/')
  t.match(page.text, `<audio controls preload="none" src="${SOUND}" aria-label="Listen to the letters">`)
  t.match(page.text, `<a href="${SOUND}">`)
  t.match(page.headers['content-security-policy'], "media-src 'self'")
  const { status, headers, body } = await visitor.get(SOUND)
  t.same([status, headers['content-type']], [200, 'audio/wav'])
  t.equal(headers['cache-control'], 'no-store')
  t.equal(body.toString('latin1', 0, 4), 'RIFF')
  t.same((await visitor.get(SOUND)).body, body)
  t.same((await visitor.get(SOUND, { 'Accept-Language': 'de' })).body, body, 'no second voice')
  const other = site.visitor()
  await other.get('/invite/')
  t.notSame((await other.get(SOUND)).body, body, 'other noise for another session')
})

t.test('is one-shot like the picture', async (t) => {
  const site = await openSpoken(t)
  const visitor = site.visitor()
  await visitor.get('/invite/')
  const { body } = await visitor.get(SOUND)
  t.equal((await visitor.post(ANSWER, { captcha: 'wrong' })).status, 403)
  t.notSame((await visitor.get(SOUND)).body, body, 'a wrong answer costs the sound')
  t.equal((await visitor.post(ANSWER, { captcha: WORD })).status, 200)
  t.equal((await visitor.get(SOUND)).status, 404, 'answered')
  t.equal((await visitor.post(ANSWER, { captcha: WORD })).status, 403)
  t.equal(site.minted.length, 1)
})

t.test('is absent where no letters are asked for, and in restricted mode', async (t) => {
  const site = await openSpoken(t)
  const visitor = site.visitor()
  await visitor.get('/invite/')
  site.face.mode = 'restricted'
  t.equal((await visitor.get(SOUND)).status, 404)
  const without = await openSite(t, { captcha: false })
  const guest = without.visitor()
  t.notMatch((await guest.get('/invite/')).text, 'captcha.wav')
  t.equal((await guest.get(SOUND)).status, 404)
})

t.test('visitors who leave early keep no memory', async (t) => {
  const site = await openSpoken(t)
  const visitor = site.visitor()
  await visitor.get('/invite/')
  for (let n = 0; n < 4 * CAPTCHA_SOUNDS; n++) {
    const socket = connect(Number(new URL(site.url).port), '127.0.0.1')
    socket.write(
      `GET ${SOUND} HTTP/1.1\r\nHost: ${new URL(site.url).host}\r\nCookie: ${visitor.cookie}\r\n\r\n`,
    )
    await once(socket, 'data')
    socket.destroy()
  }
  t.equal((await visitor.get(SOUND)).status, 200)
})

t.test('is served in parts, as players ask for them', async (t) => {
  const site = await openSpoken(t)
  const visitor = site.visitor()
  await visitor.get('/invite/')
  const { body } = await visitor.get(SOUND)
  const part = await visitor.get(SOUND, { Range: 'bytes=0-1' })
  t.same([part.status, part.headers['content-range']], [206, `bytes 0-1/${body.length}`])
  t.equal(part.text, 'RI')
  const rest = await visitor.get(SOUND, { Range: 'bytes=40-' })
  t.equal(rest.status, 206)
  t.same(rest.body, body.subarray(40))
  for (const Range of [
    'bytes=-5',
    'bytes=9-3',
    'bytes=0-1,4-5',
    `bytes=${body.length}-`,
    'lines=1-2',
    'x'.repeat(500),
  ]) {
    const whole = await visitor.get(SOUND, { Range })
    t.same([whole.status, whole.body.length], [200, body.length], Range)
  }
})
