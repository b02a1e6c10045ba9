// Attacks on the pages by strangers.

import { setTimeout as pause } from 'node:timers/promises'
import { attack, LONG } from './attack.js'

const head = (line: string, host: string, more: string): string =>
  `${line} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`
const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n'
const CHUNKED = `${FORM}Transfer-Encoding: chunked\r\n`
const CRUMB = '1\r\na\r\n'
/** Milliseconds for what was sent to have its effect. */
const EFFECT = 500

attack('bodies in chunks of one byte that never end', async ({ pages, host }) => {
  const crumbs = CRUMB.repeat(LONG ? 60_000 : 20_000)
  for (let i = 0; i < 150; i++) pages(head('POST /join', host, CHUNKED) + crumbs)
  await pause(EFFECT)
})

attack('the same where no body is expected, and none is read', async ({ pages, host }) => {
  for (const line of ['GET /login', 'GET /', 'POST /nowhere'])
    for (let i = 0; i < 50; i++) pages(head(line, host, CHUNKED) + CRUMB.repeat(20_000))
  await pause(EFFECT)
})

attack('as many large bodies as there may be sockets, never finished', async ({ pages, host }) => {
  const most = head('POST /join', host, `${FORM}Content-Length: 65536\r\n`) + 'a'.repeat(65_000)
  for (let i = 0; i < 500; i++) pages(most)
  await pause(EFFECT)
})

attack('forms of ten thousand empty fields, and JSON of as many arrays', async ({ pages, host }) => {
  const form = '&'.repeat(60_000)
  const json = `{"id":[${'[],'.repeat(2600)}[]]}`
  const post = (type: string, body: string): string =>
    head('POST /join', host, `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n`) + body
  for (let i = 0; i < 200; i++) {
    pages(post('application/x-www-form-urlencoded', form))
    pages(post('application/json', json))
  }
  await pause(EFFECT)
})

attack('heads of as many lines as there may be, a byte short of their end', async ({ pages, host }) => {
  const lines = Array.from({ length: 400 }, (_, i) => `x${i}: ${i}`).join('\r\n')
  for (let i = 0; i < 500; i++) pages(`GET / HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`)
  await pause(EFFECT)
})

attack(
  'answers that nobody reads',
  async ({ pages, host }) => {
    for (let i = 0; i < 400; i++) pages(head('GET /', host, '').repeat(8)).pause()
    await pause(EFFECT)
  },
  { stall: 5000 },
)
