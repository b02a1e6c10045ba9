// SPDX-License-Identifier: AGPL-3.0-or-later
// The URL from which Delog reads a code.

import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { ANSWER_PATH, encodeCode, findCode } from '../../src/web/delog-link.js'
import type { WebSession } from '../../src/web/sessions.js'
import { codeFor, ONION } from './site.js'

/** How Delog reads a page's URL. */
function asDelogReads(url: string): string {
  const base64 = url.split('?')[1]?.split('=')[1] ?? ''
  // Android's default decoder knows the standard alphabet only
  if (!/^[A-Za-z0-9+/]+$/.test(base64)) throw new Error(`not base64: ${base64}`)
  return Buffer.from(base64, 'base64').toString('utf8')
}

const session = (...codes: string[]): WebSession => ({
  ...{ id: '', seen: 0, captcha: null, mayKnock: false, challenge: null },
  issued: codes.map((code) => ({ code, expires: 0 })),
})
const asked = (url: string) => ({ url }) as IncomingMessage

t.test('Delog decodes it for hosts of any length', async (t) => {
  const host = fc.stringMatching(/^[a-z0-9.-]{1,70}$/)
  fc.assert(
    fc.property(
      host,
      fc.integer({ min: 1, max: 65535 }),
      fc.integer({ min: 0, max: 255 }),
      (host, port, seed) => {
        const code = codeFor({ host, port }, seed)
        const url = `http://${ONION}${ANSWER_PATH}?invite=${encodeCode(code)}`
        return asDelogReads(url) === code && findCode(asked(url), session('other', code))?.code === code
      },
    ),
  )
  // the three positions of `~` in base64; one of them encodes to a plus
  const links = ['a', 'ab', 'abc'].map((host) => encodeCode(codeFor({ host, port: 8008 }, 1)))
  t.equal(links.filter((link) => link.includes('+')).length, 1)
  for (const link of links) t.notMatch(link, /[/=]/)
})

t.test('other encodings of the same code are accepted', async (t) => {
  const code = codeFor({ host: 'abc', port: 8008 }, 1)
  const padded = Buffer.from(code).toString('base64')
  for (const link of [
    padded,
    encodeURIComponent(padded),
    `${encodeCode(code)}&x=1`,
    `${encodeCode(code)}#x`,
  ]) {
    t.equal(findCode(asked(`${ANSWER_PATH}?invite=${link}`), session(code))?.code, code, link)
  }
})

t.test('only codes issued to this session are found', async (t) => {
  const code = codeFor({ host: 'abc', port: 8008 }, 1)
  const link = encodeCode(code)
  t.equal(findCode(asked(`${ANSWER_PATH}?invite=${link}`), session()), undefined)
  for (const query of [
    '',
    '?',
    '?invite',
    '?invite=',
    '?invite=%',
    `?invite=${link.slice(1)}`,
    `?xinvite=${link}`,
    '?invite[]=x',
  ]) {
    t.equal(findCode(asked(ANSWER_PATH + query), session(code)), undefined, query)
  }
  t.equal(findCode({} as IncomingMessage, session(code)), undefined)
})
