// SPDX-License-Identifier: AGPL-3.0-or-later
// Malformed bodies sent to the captcha page.

import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { BODY_BYTES, BODY_FIELDS, MIB } from '../../src/lib/limits.js'
import { ANSWER, openSite, type Site } from './site.js'

async function posted(site: Site, body: string, headers: Record<string, string> = {}) {
  const { visitor } = await site.withCaptcha()
  return visitor.post(ANSWER, body, headers)
}

t.test('bodies without an answer', async (t) => {
  const site = await openSite(t)
  const { answer } = await site.withCaptcha()
  for (const body of [
    ...[
      '',
      'captcha',
      'captcha=',
      'captcha=%20',
      'captcha=+',
      'Captcha=x',
      'other=x',
      '&&&=',
      '%',
      'captcha=%ff%00%',
    ],
    ...[
      'captcha[]=x',
      'captcha=x&captcha=y',
      'captcha[a]=x',
      '__proto__[captcha]=x',
      'captcha[__proto__]=x',
      'constructor=x',
    ],
    `captcha=${'x'.repeat(BODY_BYTES - 'captcha='.length)}`,
    '&'.repeat(BODY_FIELDS - 1),
  ]) {
    const reply = await posted(site, body)
    t.equal(reply.status, 403, body.slice(0, 40))
    t.match(reply.text, 'captcha_wrong')
    t.match(reply.text, 'name="captcha"')
    t.notMatch(reply.text, 'ed25519')
  }
  t.match(answer, /^limpet/)
  t.equal(site.minted.length, 0)
})

t.test('the right answer twice in one body is rejected', async (t) => {
  const site = await openSite(t)
  for (const shape of [(a: string) => `captcha=${a}&captcha=${a}`, (a: string) => `captcha[]=${a}`]) {
    const { visitor, answer } = await site.withCaptcha()
    t.equal((await visitor.post(ANSWER, shape(answer))).status, 403)
  }
  t.equal(site.minted.length, 0)
})

t.test('too many fields or values are rejected', async (t) => {
  const site = await openSite(t)
  t.equal((await posted(site, '&'.repeat(BODY_FIELDS))).status, 400)
  const json = { 'Content-Type': 'application/json' }
  const join = (body: string) => site.visitor().ask('/join', { method: 'POST', body, headers: json })
  t.match((await join(`{"id":"[,,{","more":[${'[],'.repeat(BODY_FIELDS)}[]]}`)).text, 'body malformed')
  t.match((await join(`{"id":"${'[,{'.repeat(BODY_FIELDS)}\\\\","invite":"x"}`)).text, 'not a feed id')
})

t.test('bodies that are not a form are rejected', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  const send = (headers: Record<string, string>) => visitor.post(ANSWER, `captcha=${answer}`, headers)
  for (const headers of [
    { 'Content-Type': 'application/json' },
    { 'Content-Type': 'multipart/form-data; boundary=x' },
    { 'Content-Encoding': 'gzip' },
  ]) {
    const reply = await send(headers)
    t.equal(reply.status, 400, JSON.stringify(headers))
    t.match(reply.text, 'body_malformed')
  }
  t.equal((await send({ 'Content-Type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' })).status, 200)
})

t.test('too large bodies are discarded', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  for (const bytes of [BODY_BYTES + 1, 2 * MIB]) {
    const reply = await visitor.post(ANSWER, `captcha=${answer}&x=`.padEnd(bytes, 'x'))
    t.equal(reply.status, 413, `${bytes} bytes`)
    t.match(reply.text, 'body_too_large')
    t.equal(reply.headers.connection, 'close')
    // the same without Content-Length
    const chunked = await fetch(site.url + ANSWER, {
      method: 'POST',
      body: new Blob(['x'.repeat(bytes)]).stream(),
      duplex: 'half',
      headers: { Accept: 'application/json' },
    } as RequestInit)
    t.equal(chunked.status, 413)
  }
  t.equal(site.minted.length, 0)
  t.equal((await visitor.post(ANSWER, { captcha: answer })).status, 200, 'and the captcha still waits')
})

t.test('a huge Content-Length is rejected at once', async (t) => {
  const site = await openSite(t)
  const socket = connect(site.web.port, '127.0.0.1')
  socket.write(`POST ${ANSWER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\ncaptcha=`)
  t.match(await text(socket), /^HTTP\/1\.1 413 /)
})

t.test('a client that disconnects during its body does no harm', async (t) => {
  const site = await openSite(t)
  const socket = connect(site.web.port, '127.0.0.1')
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  const head = `POST ${ANSWER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ncaptcha=`
  await new Promise<void>((resolve) => socket.write(head, () => resolve()))
  socket.destroy()
  t.equal((await site.visitor().get('/healthz')).status, 200)
})
