// SPDX-License-Identifier: AGPL-3.0-or-later
// The front page in each mode, with any name and description; the open invite and its image.

import { createRequire } from 'node:module'
import t from 'tap'
import { multiserverAddress, OPEN_ROOM_SEED, openInvite } from '../../../src/web/address.js'
import { ONION, openSite, RELAY_ID } from '../site.js'

const { isOpenRoomInvite, openRoomInviteToAddress, SEED } = createRequire(import.meta.url)(
  'ssb-room-client/lib/utils',
)
const KEY = RELAY_ID.slice(1, -8)

/** The value of the open invite's field. */
const inviteIn = (html: string): string => /<textarea id="open"[^>]*>([^<]*)</.exec(html)?.[1] ?? ''

t.test('open: name, counts and how to join; it follows changes', async (t) => {
  const site = await openSite(t)
  const visitor = site.visitor()
  const { status, text, headers } = await visitor.get('/')
  t.equal(status, 200)
  t.match(headers['content-type'], 'text/html; charset=utf-8')
  t.match(text, '<title>Rock pool</title>')
  t.match(text, 'For people who like limpets.')
  t.match(text, '<meta name="description" content="For people who like limpets.">')
  t.match(text, '<meta property="og:title" content="Rock pool">')
  t.match(text, RELAY_ID)
  t.match(text, 'href="/invite/"')
  t.match(text, 'open to newcomers')
  t.match(text, /<strong>12<\/strong>\s+members/)
  t.match(text, /<strong>3<\/strong>\s+online/)
  t.equal(visitor.cookies.size, 0)
  site.face.members = 1
  site.face.online = 0
  const changed = (await visitor.get('/')).text
  t.match(changed, /<strong>1<\/strong>\s+member</)
  t.match(changed, /<strong>0<\/strong>\s+online/)
  site.face.name = ' '
  t.match((await visitor.get('/')).text, '<title>Tidepool</title>')
})

t.test('open: the open invite names the host that was used', async (t) => {
  t.equal(OPEN_ROOM_SEED, SEED)
  const site = await openSite(t)
  site.names.ssbPort = 8018
  for (const [Host, reached] of [
    ['pool.example', 'net:pool.example:8018'],
    // the transport that goes through Tor, at the onion's own port
    [ONION, `onion:${ONION}:8008`],
    ['localhost:80', 'net:localhost:8018'],
    ['127.0.0.1', 'net:127.0.0.1:8018'],
    ['pool.example', 'net:pool.example:8018'],
  ] as const) {
    const invite = inviteIn(
      (await site.visitor().get('/', { Host, 'X-Forwarded-Host': 'evil.example' })).text,
    )
    const address = `${reached}~shs:${KEY}`
    t.equal(invite, `${address}:SSB+Room+PSK3TLYC2T86EHQCUHBUHASCASE18JBV24=`)
    t.ok(isOpenRoomInvite(invite), reached)
    t.equal(openRoomInviteToAddress(invite), address)
    const image = await site.visitor().get('/invite/room.gif', { Host })
    t.equal(image.headers['content-type'], 'image/gif')
    t.equal(image.body.subarray(0, 6).toString(), 'GIF87a')
    t.same(image.body, (await site.visitor().get('/invite/room.gif', { Host })).body)
  }
  t.ok(isOpenRoomInvite(openInvite(multiserverAddress('::1', { id: RELAY_ID }, { ssbPort: 1 }))))
  const [one, other] = await Promise.all(
    ['localhost', '127.0.0.1'].map((Host) => site.visitor().get('/invite/room.gif', { Host })),
  )
  t.notSame(one?.body, other?.body, 'each name has its picture')
  site.names.ssbPort = 4444
  t.match(inviteIn((await site.visitor().get('/')).text), ':4444~shs:')
})

t.test('community: how to knock, and no counts', async (t) => {
  const site = await openSite(t)
  site.face.mode = 'community'
  const { status, text } = await site.visitor().get('/')
  t.equal(status, 200)
  t.match(text, 'For people who like limpets.')
  t.match(text, /<a class="button" href="\/invite\/">Knock/)
  t.notMatch(text, /online|<strong>12|SSB\+Room|room\.gif/)
  t.equal((await site.visitor().get('/invite/room.gif')).status, 404)
  t.equal((await site.visitor().get('/whois')).status, 404)
})

t.test('restricted: not found', async (t) => {
  const site = await openSite(t)
  const before = (await site.visitor().get('/')).text
  site.face.mode = 'restricted'
  const { status, text } = await site.visitor().get('/')
  t.equal(status, 404)
  t.notMatch(text, /Rock pool|ed25519|limpets/)
  site.face.mode = 'open'
  t.equal((await site.visitor().get('/')).text, before)
})

t.test('unusual names and descriptions', async (t) => {
  const site = await openSite(t)
  const show = async (name: string, description: string) => {
    site.face.name = name
    site.face.description = description
    return (await site.visitor().get('/')).text
  }
  const markup = await show('<script>"&\'', '{{ 7 * 7 }}</p><img src=x onerror=alert(1)>{% raw %}')
  t.match(markup, '<title>&lt;script&gt;&quot;&amp;&#39;</title>')
  t.match(markup, '<h1 dir="auto">&lt;script&gt;')
  t.match(markup, '{{ 7 * 7 }}&lt;/p&gt;&lt;img')
  t.notMatch(markup, '<img src=x')
  const hebrew = await show('בריכת סלע', 'שורה אחת\nשורה שנייה')
  t.match(hebrew, '<h1 dir="auto">בריכת סלע</h1>')
  t.match(hebrew, '<p class="lead" dir="auto">שורה אחת\nשורה שנייה</p>', 'lines stay lines')
  const long = await show('x'.repeat(10_240), 'y'.repeat(10_240))
  t.match(long, 'y'.repeat(10_240), 'and 10 kB that came in some other way are shown as they are')
  t.notMatch(await show('Pool', ''), 'class="lead"')
})

t.test('the address has an image unless the room is restricted', async (t) => {
  const site = await openSite(t)
  for (const [mode, open, address] of [
    ['open', 200, 200],
    ['community', 404, 200],
    ['restricted', 404, 404],
  ] as const) {
    site.face.mode = mode
    const { status } = await site.visitor().get('/invite/room.gif')
    const of = await site.visitor().get('/invite/room.gif?of=address')
    t.same([status, of.status], [open, address], mode)
    t.equal((await site.visitor().get('/invite/room.gif?of=__proto__')).status, 404)
  }
})
