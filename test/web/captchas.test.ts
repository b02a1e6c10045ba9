// SPDX-License-Identifier: AGPL-3.0-or-later
// Captchas: one image per captcha, one answer per captcha.

import t from 'tap'
import { CAPTCHA_IMAGES, CAPTCHA_MS } from '../../src/lib/limits.js'
import { Captchas, isRight } from '../../src/web/captchas.js'
import type { Asked, Voice } from '../../src/web/contract.js'
import { WebSessions } from '../../src/web/sessions.js'

function setUp() {
  const clock = { now: 0 }
  let drawn = 0
  const draw = async () => {
    drawn += 1
    return { answer: `word${drawn}`, image: Buffer.from(`word${drawn}`), type: 'image/gif' }
  }
  const released: string[] = []
  const speak = async (letters: string, { language, noise }: Voice) => {
    const text = `${letters} ${language} ${noise.toString('hex')}`
    return { bytes: Buffer.from(text), release: () => released.push(text) }
  }
  const sessions = new WebSessions(() => clock.now)
  const asked: Asked = { question: null, picture: true }
  const captchas = new Captchas({ draw, speak, now: () => clock.now, asks: () => asked })
  return { clock, sessions, captchas, asked, released, count: () => drawn }
}

t.test('an evicted image is redrawn once, with its new answer', async (t) => {
  const { sessions, captchas, count } = setUp()
  const first = sessions.create()
  await captchas.renew(first)
  const before = first.captcha?.answer
  for (let n = 0; n < CAPTCHA_IMAGES; n++) await captchas.renew(sessions.create())
  t.equal(first.captcha?.image, null, 'made room')
  t.equal(captchas.waiting(first)?.answer, before, 'who had seen it may still answer')
  const drawn = count()
  const [one, two] = await Promise.all([captchas.image(first), captchas.image(first)])
  t.equal(count(), drawn + 1)
  t.same(one?.body, two?.body)
  t.equal(one?.body.toString(), first.captcha?.answer)
  t.not(first.captcha?.answer, before)
})

t.test('an answer given during the redraw wins', async (t) => {
  const { sessions, captchas } = setUp()
  const session = sessions.create()
  await captchas.renew(session)
  if (session.captcha) session.captcha.image = null
  const image = captchas.image(session)
  captchas.consume(session)
  await image
  t.equal(session.captcha, null)
})

t.test('a captcha expires and is used once', async (t) => {
  const { clock, sessions, captchas } = setUp()
  const session = sessions.create()
  t.equal(captchas.waiting(session), null)
  t.equal(await captchas.image(session), null)
  await captchas.renew(session)
  clock.now += CAPTCHA_MS - 1
  const captcha = captchas.waiting(session)
  t.ok(captcha)
  clock.now += 1
  t.equal(captchas.waiting(session), null)
  clock.now -= 1
  captchas.consume(session)
  t.equal(captchas.waiting(session), null)
  if (captcha) captchas.restore(session, captcha)
  t.equal(captchas.waiting(session), captcha)
  await captchas.renew(session)
  if (captcha) captchas.restore(session, captcha)
  t.not(captchas.waiting(session), captcha, 'a newer one stays')
})

t.test(
  'where nothing is asked there is no image, and such a captcha is void once answers are asked for',
  async (t) => {
    const { sessions, captchas, asked } = setUp()
    const session = sessions.create()
    asked.picture = false
    await captchas.renew(session)
    t.ok(captchas.waiting(session))
    t.equal(await captchas.image(session), null)
    asked.picture = true
    t.equal(captchas.waiting(session), null)
  },
)

t.test('answers are compared without case and whitespace', async (t) => {
  const captcha = { answer: 'kelp', question: null, image: null, expires: 1 }
  for (const given of ['kelp', ' KELP ', 'Kelp\n']) t.ok(isRight(captcha, given), JSON.stringify(given))
  for (const given of ['', ' ', 'kel', 'kelpp', 'k e l p', 'x'.repeat(8000)]) t.notOk(isRight(captcha, given))
  t.notOk(isRight({ ...captcha, answer: '' }, ''), 'an empty answer is never right')
})

t.test('a question is answered in any accepted way, and the picture only where there is one', async (t) => {
  const question = { text: 'Which boat?', answers: ['Napf', 'Café Limpet'], language: 'en' }
  const captcha = { answer: null, question, image: null, expires: 1 }
  for (const given of ['napf', ' NAPF! ', 'cafe limpet', 'Cafe\u0301-Limpet.', 'CAFÉLIMPET'])
    t.ok(isRight(captcha, given), given)
  for (const given of ['', '?', 'nap', 'null', 'Napf Limpet', 'x'.repeat(8000)])
    t.notOk(isRight(captcha, given), given)
  t.notOk(isRight(captcha, 'kelp'))
  t.ok(isRight({ ...captcha, answer: 'kelp' }, 'kelp'), 'beside it, the picture will do')
})

t.test(
  'a picture is void once pictures are no longer accepted, and is not kept alive by redrawing',
  async (t) => {
    const { clock, sessions, captchas, asked } = setUp()
    const session = sessions.create()
    await captchas.renew(session)
    asked.question = { text: 'Which boat?', answers: ['Limpet'], language: 'en' }
    t.ok(captchas.waiting(session), 'beside the question')
    asked.picture = false
    t.equal(captchas.waiting(session), null)
    asked.picture = true
    for (let at = 0; at < CAPTCHA_MS; at += CAPTCHA_MS / 4) {
      if (session.captcha) session.captcha.image = null
      await captchas.image(session)
      clock.now += CAPTCHA_MS / 4
    }
    t.equal(captchas.waiting(session), null, 'expired')
  },
)

t.test('a sound has the language of its first request, and the same bytes each time', async (t) => {
  const { sessions, captchas, released } = setUp()
  const session = sessions.create()
  t.equal(await captchas.sound(session, 'de'), null, 'nothing to say')
  await captchas.renew(session)
  const first = await captchas.sound(session, 'de')
  t.match(first?.bytes.toString(), /^word1 de [0-9a-f]{32}$/)
  t.same((await captchas.sound(session, 'en'))?.bytes, first?.bytes, 'not again in another language')
  t.same(released, [], 'the caller sends it first')
})

t.test('a captcha that was answered, replaced or has expired is not spoken', async (t) => {
  const { clock, sessions, captchas, asked, released } = setUp()
  const session = sessions.create()
  await captchas.renew(session)
  const sound = captchas.sound(session, 'en')
  captchas.consume(session)
  t.equal(await sound, null, 'answered meanwhile')
  t.equal(released.length, 1, 'its memory is free')
  t.equal(await captchas.sound(session, 'en'), null)
  await captchas.renew(session)
  const old = await captchas.sound(session, 'en')
  await captchas.renew(session)
  t.notSame((await captchas.sound(session, 'en'))?.bytes, old?.bytes)
  clock.now += CAPTCHA_MS
  t.equal(await captchas.sound(session, 'en'), null)
  asked.picture = false
  await captchas.renew(session)
  t.equal(await captchas.sound(session, 'en'), null, 'no letters where none are asked for')
})
