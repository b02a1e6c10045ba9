// SPDX-License-Identifier: AGPL-3.0-or-later
// The default captcha: pictures in a relay's own styles, and their letters as sound.

import { inflateSync } from 'node:zlib'
import t from 'tap'
import { CAPTCHA_SOUNDS } from '../../src/lib/limits.js'
import { createCaptchaDrawer, createCaptchaSpeaker } from '../../src/web/captcha-image.js'
import { LETTERS, shapesOf } from '../../src/web/puzzle/glyphs.js'
import { HEIGHT, WIDTH } from '../../src/web/puzzle/lines.js'
import { drawPicture } from '../../src/web/puzzle/picture.js'
import { createRandom } from '../../src/web/puzzle/random.js'
import { deriveStyles, STYLES, type Style } from '../../src/web/puzzle/style.js'
import { LANGUAGES } from '../../src/web/words/languages.js'
import { titleOf, Visitor } from '../helpers/http.js'
import { ANSWER, openSite, RELAY_ID } from './site.js'

const seed = (value: number): Buffer => Buffer.alloc(32, value)
const voice = { language: 'en', noise: Buffer.alloc(16, 1) }

/** How loud a sound is at a tenth of its loudest moments, and in the quieter half of them. */
function loudness(samples: Buffer): [voices: number, pauses: number] {
  const frames: number[] = []
  for (let at = 0; at + 400 <= samples.length; at += 400) {
    const squares = samples.subarray(at, at + 400).reduce((sum, sample) => sum + (sample - 128) ** 2, 0)
    frames.push(Math.sqrt(squares / 400))
  }
  frames.sort((one, other) => one - other)
  return [
    frames[Math.floor(frames.length * 0.9)] as number,
    frames[Math.floor(frames.length * 0.25)] as number,
  ]
}

t.test('is a PNG of five or six letters that can be told apart', async (t) => {
  const draw = createCaptchaDrawer(seed(1))
  const seen = new Set<string>()
  for (let n = 0; n < 100; n++) {
    const { answer, image, type } = await draw()
    if (!/^[aehlmrstuwxyz]{5,6}$/.test(answer) || /(.)\1/.test(answer)) t.fail(answer)
    if (type !== 'image/png' || image.toString('latin1', 1, 4) !== 'PNG') t.fail('not a PNG')
    if (image.readUInt32BE(16) !== WIDTH || image.readUInt32BE(20) !== HEIGHT) t.fail('another size')
    // a page over an onion circuit has to stay small
    if (image.length > 7000) t.fail(`${image.length} bytes`)
    seen.add(answer)
  }
  t.ok(seen.size > 95, 'hardly ever the same')
  const { image } = await draw()
  const start = image.indexOf('IDAT') + 4
  const rows = inflateSync(image.subarray(start, start + image.readUInt32BE(start - 8)))
  t.equal(rows.length, HEIGHT * (WIDTH / 2 + 1), 'all rows are there')
})

t.test('the seed decides the styles, and other seeds have others', async (t) => {
  const told = (styles: Style[]): string =>
    JSON.stringify(styles, (_, value) => (value instanceof Map ? [...value] : value))
  t.equal(told(deriveStyles(seed(1))), told(deriveStyles(seed(1))))
  const all = Array.from({ length: 50 }, (_, at) => deriveStyles(seed(at)))
  t.equal(new Set(all.map(told)).size, 50)
  for (const styles of all) t.equal(new Set(styles.map(({ ink }) => ink)).size, STYLES, 'inks in rotation')
  t.ok(new Set(all.flat().map(({ ink }) => ink)).size >= 7, 'every ink is used by some relay')
})

t.test('letters are in the picture, in order, and never beside each other at the same place', async (t) => {
  for (const [at, style] of [1, 2, 3, 4, 5].flatMap((each) => deriveStyles(seed(each))).entries()) {
    const { greys, figures } = drawPicture('MAXWEL', style, createRandom(seed(at)))
    const middles = figures.flatMap(({ middle }) => middle ?? []).sort((one, other) => one - other)
    t.equal(middles.length, 6)
    t.ok(middles.every((middle) => middle > 0 && middle < WIDTH))
    t.ok(new Set(greys).size > 2 && greys.length === WIDTH * HEIGHT)
  }
})

t.test('every letter has shapes', async (t) => {
  for (const letter of LETTERS) {
    for (const shape of shapesOf(letter)) {
      t.ok(shape.length > 0 && shape.every(({ points }) => points.length > 1), letter)
    }
  }
})

t.test('is spoken as a WAV file, in every language', async (t) => {
  const speak = createCaptchaSpeaker(seed(1))
  for (const { tag } of LANGUAGES) {
    const { bytes: wav, release } = await speak('aehlmr', { ...voice, language: tag })
    release()
    t.equal(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 12), 'RIFFWAVE', tag)
    t.equal(wav.readUInt32LE(4), wav.length - 8)
    t.equal(wav.readUInt32LE(40), wav.length - 44, 'one byte for a sample')
    const seconds = (wav.length - 44) / wav.readUInt32LE(24)
    t.ok(seconds > 5 && seconds < 13, `${tag}: ${seconds} s`)
    const [voices, pauses] = loudness(wav.subarray(44))
    t.ok(
      voices > 3 * pauses && pauses > 0.5,
      `${tag}: the letters stand out from the babble, ${voices} of ${pauses}`,
    )
  }
})

t.test('the same sound has the same bytes; another noise, relay or word has others', async (t) => {
  const speak = createCaptchaSpeaker(seed(1))
  const { bytes: first } = await speak('stuwxy', voice)
  t.same((await speak('STUWXY', voice)).bytes, first)
  t.notSame((await speak('stuwxy', { ...voice, noise: Buffer.alloc(16, 2) })).bytes, first)
  t.notSame((await createCaptchaSpeaker(seed(2))('stuwxy', voice)).bytes, first)
  t.notSame((await speak('stuwxz', voice)).bytes, first)
})

t.test('the memory of sounds is bounded, and used again', async (t) => {
  const speak = createCaptchaSpeaker(seed(1))
  const sounds = await Promise.all(Array.from({ length: CAPTCHA_SOUNDS }, () => speak('stuwxy', voice)))
  await t.rejects(speak('stuwxy', voice), { code: 'busy' })
  const [one, two] = sounds
  one?.release()
  one?.release()
  const before = Buffer.from(two?.bytes ?? [])
  const again = await speak('aehlmr', voice)
  t.ok(
    again.bytes.buffer === one?.bytes.buffer || again.bytes.length > (one?.bytes.length ?? 0),
    'used again',
  )
  t.same(two?.bytes, before, 'that of a sound being sent stays')
  await t.rejects(speak('stuwxy', voice), { code: 'busy' }, 'released twice, free once')
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
  const image = await visitor.get('/invite/captcha.png')
  t.equal(image.status, 200)
  t.equal(image.headers['content-type'], 'image/png')
  t.equal(image.body.readUInt32BE(16), WIDTH)
  const wrong = await visitor.post(ANSWER, { captcha: 'zzzz' })
  t.equal(wrong.status, 403)
  t.notMatch(titleOf(wrong.text), RELAY_ID)
})
