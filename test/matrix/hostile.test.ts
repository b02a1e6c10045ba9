// SPDX-License-Identifier: AGPL-3.0-or-later
// What a hostile homeserver may try: requests, events, floods and tricks, each refused, and the lobby stays as it was.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { performance } from 'node:perf_hooks'
import t, { type Test } from 'tap'
import { MATRIX_REQUEST_VALUES } from '../../src/lib/matrix-limits.js'
import type { EventDraft } from '../../src/matrix/event.js'
import { canonicalJson, type JsonObject } from '../../src/matrix/json.js'
import { signingKeyOf } from '../../src/matrix/signing.js'
import { formatXMatrix } from '../../src/matrix/x-matrix.js'
import { type Authority, createAuthority } from '../helpers/certificates.js'
import { type FakeHomeserver, startFake } from '../helpers/fake-homeserver.js'
import { bootLobby, type LobbyRelay } from '../helpers/lobby.js'
import { type Answer, httpsJson } from '../helpers/synapse.js'
import { until } from '../helpers/wait.js'

interface World {
  authority: Authority
  relay: LobbyRelay
  fake: FakeHomeserver
  ask(
    method: string,
    uri: string,
    content?: JsonObject,
    changes?: Partial<Parameters<typeof formatXMatrix>[0]>,
  ): Promise<Answer>
}

/** A request with a body that is no JSON. */
async function httpsText(
  { port, ca }: { port: number; ca: string },
  method: string,
  path: string,
  text: string,
  headers: Record<string, string>,
): Promise<Answer> {
  const req = request({ host: '127.0.0.1', port, ca, method, path, headers, servername: '', agent: false })
  req.end(text)
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  const parts: Buffer[] = []
  for await (const part of res) parts.push(part)
  return { status: res.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString()) }
}

async function open(t: Test): Promise<World> {
  const authority = await createAuthority()
  const [relay, fake] = [await bootLobby(t, authority), await startFake(t, authority)]
  const ask: World['ask'] = (method, uri, content, changes = {}) => {
    const signed = { method, uri, origin: fake.name, destination: relay.server, content, ...changes }
    const Authorization = formatXMatrix(signed, fake.key)
    return httpsJson({ port: relay.port, ca: authority.root }, method, uri, content, { Authorization })
  }
  return { authority, relay, fake, ask }
}

const V1 = '/_matrix/federation/v1'
const room = (relay: LobbyRelay): string => encodeURIComponent(relay.room)

/** The ends of the lobby, as a template tells them, as a draft of a message. */
async function draft(
  { relay, fake }: World,
  user: string,
  content: JsonObject = { msgtype: 'm.text', body: 'x' },
): Promise<EventDraft> {
  const path = `${V1}/make_leave/${room(relay)}/${encodeURIComponent(user)}`
  const { event } = await fake.client.request(relay.server, 'GET', path)
  const { origin: _, state_key: __, ...rest } = event as unknown as EventDraft & { origin?: string }
  return { ...rest, type: 'm.room.message', content, origin_server_ts: Date.now() } as EventDraft
}

t.test('requests: unsigned, forged, misaddressed, replayed elsewhere, malformed', async (t) => {
  const world = await open(t)
  const { relay, fake, authority, ask } = world
  const at = { port: relay.port, ca: authority.root }
  const directory = `${V1}/query/directory?room_alias=${encodeURIComponent(relay.alias)}`
  t.match(await ask('GET', directory), {
    status: 200,
    body: { room_id: relay.room, servers: [relay.server] },
  })
  const refused = { status: 401, body: { errcode: 'M_UNAUTHORIZED' } }
  t.match(await httpsJson(at, 'GET', directory), refused, 'unsigned')
  t.match(
    await ask('GET', directory, undefined, { destination: 'other.example' }),
    refused,
    'for another server',
  )
  t.match(
    await ask('GET', directory, undefined, { uri: `${V1}/version` }),
    refused,
    'signed for another path',
  )
  t.match(await ask('GET', directory, undefined, { method: 'PUT' }), refused, 'signed for another method')
  t.match(await ask('PUT', `${V1}/send/1`, { pdus: [] }, { content: { pdus: [1] } }), refused, 'another body')
  t.match(await ask('GET', directory, undefined, { origin: relay.server }), refused, 'as ourselves')
  const forged = formatXMatrix(
    { method: 'GET', uri: directory, origin: fake.name, destination: relay.server, content: undefined },
    signingKeyOf('fake', randomBytes(32)),
  )
  t.match(await httpsJson(at, 'GET', directory, undefined, { Authorization: forged }), refused, 'another key')
  for (const header of [
    '',
    'Bearer x',
    'X-Matrix',
    'X-Matrix origin=',
    'X-Matrix origin="a",origin="b",key="ed25519:1",sig="x"',
    'X-Matrix origin="a b",key="ed25519:1",sig="x"',
    `X-Matrix ${'a'.repeat(5000)}`,
  ])
    t.match(
      await httpsJson(at, 'GET', directory, undefined, { Authorization: header }),
      refused,
      header.slice(0, 30),
    )
  t.match(await httpsJson(at, 'GET', `${V1}/openid/userinfo?access_token=x`), { status: 401 })
  t.match(await httpsJson(at, 'GET', '/_matrix/nothing'), {
    status: 404,
    body: { errcode: 'M_UNRECOGNIZED' },
  })
  t.match(await httpsJson(at, 'DELETE', `${V1}/version`), { status: 405 })
  t.match(await httpsJson(at, 'GET', '/_matrix/client/versions'), { status: 404 })
  t.match(await ask('PUT', `${V1}/send/2`, { pdus: Array(51).fill({}) }), { status: 400 }, 'too many events')
  t.match(await ask('PUT', `${V1}/send/3`, { pdus: 'x' } as never), { status: 400 })
  const big = { pdus: [], filler: 'x'.repeat(5 * 1024 * 1024) }
  const large = await ask('PUT', `${V1}/send/4`, big).catch((err: NodeJS.ErrnoException) => ({
    status: err.code,
  }))
  t.ok(['413', 'EPIPE', 'ECONNRESET'].includes(String(large.status)), `too large: ${large.status}`)
  const Authorization = formatXMatrix(
    { method: 'PUT', uri: `${V1}/send/5`, origin: fake.name, destination: relay.server, content: {} },
    fake.key,
  )
  for (const [value, status] of [
    [1.5, 401],
    ['\ud800', 400],
    [2 ** 60, 401],
  ] as const)
    t.match(
      await httpsJson(at, 'PUT', `${V1}/send/5`, { value }, { Authorization }),
      { status },
      `another body: ${value}`,
    )
  const raw = (text: string): Promise<Answer> => {
    const Authorization = formatXMatrix(
      { method: 'PUT', uri: `${V1}/send/6`, origin: fake.name, destination: relay.server, content: {} },
      fake.key,
    )
    return httpsText(at, 'PUT', `${V1}/send/6`, text, { Authorization })
  }
  const [notJson, badJson] = [
    { status: 400, body: { errcode: 'M_NOT_JSON' } },
    { status: 400, body: { errcode: 'M_BAD_JSON' } },
  ]
  for (const text of ['{', 'x', '{"a":01}', '{"a":"\n"}', '{}{}']) t.match(await raw(text), notJson, text)
  const many = `{"pdus":[${'{},'.repeat(MATRIX_REQUEST_VALUES)}{}]}`
  for (const text of ['[]', '5', '{"pdus":[],"pdus":[]}', '['.repeat(200), many])
    t.match(await raw(text), badJson, text.slice(0, 30))
  for (const alias of [
    `#<b>x</b>:${relay.server}`,
    `#${'x'.repeat(300)}:${relay.server}`,
    '#lobby',
    '',
    '\u0000',
  ])
    t.match(
      await ask('GET', `${V1}/query/directory?room_alias=${encodeURIComponent(alias)}`),
      { status: 404, body: { error: 'Not found' } },
      alias.slice(0, 30),
    )
  t.match(await ask('GET', `${V1}/event/$nothing`), { status: 404 })
  t.match(await ask('GET', `${V1}/state/%zz?event_id=x`), { status: 404 })
})

t.test('a fraction or a key given twice spoils the event it stands in, and not its neighbours', async (t) => {
  const world = await open(t)
  const { relay, fake, authority } = world
  const at = { port: relay.port, ca: authority.root }
  const eve = fake.user('eve')
  await fake.join(relay.server, relay.room, eve)
  /** Sends a body as it stands, signed as a homeserver signs what it writes. */
  const send = (body: string, signed = body): Promise<Answer> => {
    const uri = `${V1}/send/${randomBytes(4).toString('hex')}`
    const bytes = `{"content":${signed},"destination":"${relay.server}","method":"PUT","origin":"${fake.name}","uri":"${uri}"}`
    const Authorization = `X-Matrix origin="${fake.name}",destination="${relay.server}",key="${fake.key.id}",sig="${fake.key.sign(bytes)}"`
    return httpsText(at, 'PUT', uri, body, { Authorization })
  }
  const message = async (body: string) =>
    fake.event(await draft(world, eve, { msgtype: 'm.text', body, at: 15 }))
  const texts = async () =>
    (await relay.operator.matrixMessages()).filter(({ sender }) => sender === eve).map(({ text }) => text)

  const first = await message('beside a fraction')
  const edus = '[{"content":{"m":{"x":[1.50,1e-07,12345678901234567890]}},"edu_type":"m.direct_to_device"}]'
  t.match(await send(`{"edus":${edus},"pdus":[${canonicalJson(first.pdu)}]}`), {
    status: 200,
    body: { pdus: { [first.id]: {} } },
  })
  const second = await message('beside an event with one')
  const third = await message('spoilt')
  const spoilt = canonicalJson(third.pdu).replace('"at":15', '"at":1.5')
  t.match(await send(`{"pdus":[${spoilt},${canonicalJson(second.pdu)}]}`), {
    status: 200,
    body: { pdus: { [second.id]: {}, [third.id]: { error: /no safe integer/ } } },
  })
  const twice = canonicalJson((await message('twice')).pdu).replace('"at":15', '"at":15,"at":15')
  t.match(await send(`{"pdus":[${twice}]}`), { status: 400, body: { errcode: 'M_BAD_JSON' } })
  t.match(
    await send(`{"edus":${edus},"pdus":[]}`, `{"edus":${edus.replace('1.50', '1.5')},"pdus":[]}`),
    { status: 401 },
    'a number is signed as it is written',
  )
  t.same(await texts(), ['beside a fraction', 'beside an event with one'])
})

t.test('events: hashes, ids, signatures, sizes, other rooms, other senders', async (t) => {
  const world = await open(t)
  const { relay, fake } = world
  const eve = fake.user('eve')
  await fake.join(relay.server, relay.room, eve)
  const send = async (pdu: JsonObject): Promise<string> => {
    const answer = await fake.send(relay.server, [pdu])
    const [result] = Object.values(answer.pdus as JsonObject) as JsonObject[]
    return String(result?.error ?? (result ? 'taken' : 'ignored'))
  }
  const good = fake.event(await draft(world, eve))
  t.equal(await send(good.pdu), 'taken')
  t.equal(await send(good.pdu), 'taken', 'once more is no harm')
  const texts = async () =>
    (await relay.operator.matrixMessages()).filter(({ sender }) => sender === eve).map(({ text }) => text)
  t.same(await texts(), ['x'])
  // a transaction that is sent again is answered as the first time, whatever is in it
  const answered = await fake.send(relay.server, [{ ...good.pdu, depth: 999 }], 'again')
  t.match(Object.values(answered.pdus as JsonObject), [{ error: /sign/ }])
  t.same(await fake.send(relay.server, [good.pdu], 'again'), answered)

  const bad = async (what: string, pdu: JsonObject): Promise<void> => {
    t.not(await send(pdu), 'taken', what)
  }
  const base = await draft(world, eve)
  await bad('no signature', { ...fake.event(base).pdu, signatures: {} })
  await bad('another signature', { ...fake.event(base).pdu, depth: 999 })
  await bad('for another user’s server', fake.event({ ...base, sender: `@relay:${relay.server}` }).pdu)
  await bad('of another room', fake.event({ ...base, room_id: `!${'A'.repeat(43)}` }).pdu)
  await bad('of no room', { ...fake.event(base).pdu, room_id: 5 } as never)
  await bad('a user who is not there', fake.event({ ...base, sender: fake.user('mallory') }).pdu)
  for (const [name, value] of [
    ['depth', -1],
    ['depth', 'x'],
    ['origin_server_ts', -5],
    ['prev_events', []],
    ['prev_events', ['x']],
    ['auth_events', 'x'],
    ['prev_events', Array(21).fill(`$${'A'.repeat(43)}`)],
    ['auth_events', Array(11).fill(`$${'A'.repeat(43)}`)],
    ['content', []],
    ['hashes', {}],
    ['type', 'x'.repeat(256)],
  ] as Array<[string, never]>)
    await bad(`${name}: ${JSON.stringify(value).slice(0, 30)}`, { ...fake.event(base).pdu, [name]: value })
  await bad('no prev_events, signed', fake.event({ ...base, prev_events: [] }).pdu)
  await bad('no auth_events, signed', fake.event({ ...base, auth_events: [] }).pdu)
  await bad('a display name of 100 kB', {
    ...fake.event(base).pdu,
    ...{
      type: 'm.room.member',
      state_key: eve,
      content: { membership: 'join', displayname: 'x'.repeat(100_000) },
    },
  })
  await bad('65 kB', { ...fake.event(base).pdu, content: { body: 'x'.repeat(65_536) } })
  await bad('itself as previous', { ...fake.event(base).pdu, prev_events: [fake.event(base).id] })
  await bad('events nobody has', fake.event({ ...base, prev_events: [`$${'A'.repeat(43)}`] }).pdu)
  let deep: JsonObject = {}
  for (let i = 0; i < 70; i++) deep = { deep }
  const answer = await fake
    .send(relay.server, [{ ...fake.event(base).pdu, content: deep }])
    .catch((err: Error) => err.message)
  t.match(answer, /400|deep/, 'too deep')
  t.same(await texts(), ['x'], 'nothing of it is shown')

  // content that was changed on the way stands as if it were redacted
  const changed = fake.event(await draft(world, eve, { msgtype: 'm.text', body: 'honest' }))
  await send({ ...changed.pdu, content: { msgtype: 'm.text', body: 'forged' } })
  t.same(await texts(), ['x'])
  const markup = fake.event(await draft(world, eve, { msgtype: 'm.text', body: '<b>\u202e\u0007bold</b>' }))
  t.equal(await send(markup.pdu), 'taken')
  t.same(await texts(), ['x', '<b>  bold</b>'])
})

t.test('power: raising oneself, demoting the creator, banning the relay, changing the room', async (t) => {
  const world = await open(t)
  const { relay, fake } = world
  const eve = fake.user('eve')
  await fake.join(relay.server, relay.room, eve)
  const creator = `@relay:${relay.server}`
  const before = await relay.operator.matrixStatus()
  const state = async (type: string, key: string, content: JsonObject): Promise<void> => {
    const event = fake.event({ ...(await draft(world, eve)), type, state_key: key, content })
    await fake.send(relay.server, [event.pdu])
  }
  await state('m.room.power_levels', '', { users: { [eve]: 100 } })
  await state('m.room.power_levels', '', { users: { [creator]: 0 } })
  await state('m.room.member', creator, { membership: 'ban' })
  await state('m.room.member', creator, { membership: 'leave' })
  await state('m.room.join_rules', '', { join_rule: 'invite' })
  await state('m.room.server_acl', '', { allow: [], deny: ['*'] })
  await state('m.room.name', '', { name: 'Mine' })
  t.same(await relay.operator.matrixStatus(), {
    ...before,
    queued: (await relay.operator.matrixStatus()).queued,
  })
  t.match(await relay.operator.matrixRooms(), [{ name: 'Tidepool', joined: 2 }])
  await relay.operator.matrixSay('still here')
  await until('it is told', () =>
    fake.events.some(({ content }) => (content as JsonObject).body === 'still here'),
  )
})

t.test('a ban while the join is on its way; a kick and a display name of 100 kB', async (t) => {
  const world = await open(t)
  const { relay, fake } = world
  const eve = fake.user('eve')
  const path = `${V1}/make_join/${room(relay)}/${encodeURIComponent(eve)}?ver=12`
  const { event } = await fake.client.request(relay.server, 'GET', path)
  const { origin: _, ...template } = event as unknown as EventDraft & { origin?: string }
  await relay.operator.matrixBan(eve)
  const join = fake.event({ ...template, origin_server_ts: Date.now() } as EventDraft)
  const to = `/_matrix/federation/v2/send_join/${room(relay)}/${encodeURIComponent(join.id)}`
  await t.rejects(fake.client.request(relay.server, 'PUT', to, { content: join.pdu }), { message: /403/ })
  t.equal((await relay.status()).matrix.joined, 1)
  await relay.operator.matrixUnban(eve)
  await fake.join(relay.server, relay.room, eve)
  const named = fake.event({
    ...(await draft(world, eve)),
    type: 'm.room.member',
    state_key: eve,
    content: { membership: 'join', displayname: `<script>${'x'.repeat(60_000)}` },
  })
  await fake.send(relay.server, [named.pdu])
  const [, shown] = await relay.operator.matrixMembers()
  t.equal(shown?.id, eve)
  t.equal(shown?.name.length, 64)
  t.equal(shown?.name.slice(0, 8), '<script>')
})

t.test('what is private is absent: alike in words, status and time', async (t) => {
  const world = await open(t)
  const { relay, fake, ask } = world
  await relay.operator.mode('restricted')
  const [eve, other] = [encodeURIComponent(fake.user('eve')), `!${'A'.repeat(43)}`]
  const id = `$${'A'.repeat(43)}`
  const paths = (room: string, alias: string): Array<[string, string, JsonObject?]> => [
    ['GET', `${V1}/query/directory?room_alias=${encodeURIComponent(alias)}`],
    ['GET', `${V1}/make_join/${room}/${eve}?ver=12`],
    ['GET', `${V1}/make_knock/${room}/${eve}?ver=12`],
    ['GET', `${V1}/make_leave/${room}/${eve}`],
    ['PUT', `/_matrix/federation/v2/send_join/${room}/${id}`, { sender: fake.user('eve') }],
    ['PUT', `${V1}/send_knock/${room}/${id}`, { sender: fake.user('eve') }],
    ['GET', `${V1}/state/${room}?event_id=${id}`],
    ['GET', `${V1}/state_ids/${room}?event_id=${id}`],
    ['GET', `${V1}/backfill/${room}?v=${id}&limit=5`],
    ['GET', `${V1}/event_auth/${room}/${id}`],
    ['POST', `${V1}/get_missing_events/${room}`, { latest_events: [], earliest_events: [] }],
  ]
  const there = paths(room(relay), relay.alias)
  const absent = paths(encodeURIComponent(other), `#nothing:${relay.server}`)
  for (const [i, [method, path, body]] of there.entries()) {
    const [, otherPath = ''] = absent[i] ?? []
    const started = performance.now()
    const first = await ask(method, path, body)
    const between = performance.now()
    const second = await ask(method, otherPath, body)
    t.same(first, { status: 404, body: { errcode: 'M_NOT_FOUND', error: 'Not found' } }, path)
    t.same(second, first)
    for (const ms of [between - started, performance.now() - between]) t.ok(ms >= 55, `${ms} ms`)
  }
  const listed = await ask('GET', `${V1}/publicRooms`)
  t.same(listed.body, { chunk: [], total_room_count_estimate: 0 })
  await relay.operator.mode('open')
  t.match((await ask('GET', `${V1}/publicRooms`)).body, {
    chunk: [{ room_id: relay.room, canonical_alias: relay.alias }],
  })
})

t.test('forks of a thousand extremities, and floods of joins, knocks and messages', async (t) => {
  const world = await open(t)
  const { relay, fake } = world
  const eve = fake.user('eve')
  await fake.join(relay.server, relay.room, eve)
  const base = await draft(world, eve)
  // a thousand events on one: each is an end of the graph
  for (let at = 0; at < 1000; at += 50) {
    const pdus = Array.from(
      { length: 50 },
      (_, i) => fake.event({ ...base, content: { msgtype: 'm.text', body: `fork ${at + i}` } }).pdu,
    )
    const answer = await fake.send(relay.server, pdus)
    t.equal(Object.values(answer.pdus as JsonObject).filter((each) => !(each as JsonObject).error).length, 50)
  }
  const flood = Array.from({ length: 50 }, () => fake.event(base).pdu)
  let limited = 0
  for (let i = 0; i < 12 && limited === 0; i++)
    await fake.send(relay.server, flood).catch(({ status, retryMs }) => {
      t.same([status, retryMs], [429, 5000])
      limited += 1
    })
  t.equal(limited, 1, 'more events than a server may send')
  await relay.operator.matrixSay('merged')
  const merged = await until('it is told', () =>
    fake.events.find(({ content }) => (content as JsonObject).body === 'merged'),
  )
  t.ok((merged.prev_events as unknown[]).length <= 20)
  let refused = 0
  for (let i = 0; i < 80; i++)
    await fake.join(relay.server, relay.room, fake.user(`flood${i}`)).catch(({ status }) => {
      t.equal(status, 429)
      refused += 1
    })
  t.ok(refused >= 15, `${refused} of 80 joins were too many`)
  await relay.operator.mode('community')
  const knocker = fake.user('knocker')
  const path = `${V1}/make_knock/${room(relay)}/${encodeURIComponent(knocker)}?ver=12`
  const knockable = () => fake.client.request(relay.server, 'GET', path).catch(() => null)
  const { event } = (await until('the join rule follows', knockable)) as { event: JsonObject }
  const { origin: _, ...template } = event
  const knock = fake.event({ ...template, origin_server_ts: Date.now() } as EventDraft)
  await t.rejects(
    fake.client.request(
      relay.server,
      'PUT',
      `${V1}/send_knock/${room(relay)}/${encodeURIComponent(knock.id)}`,
      {
        content: knock.pdu,
      },
    ),
    { message: /429/ },
    'knocks are counted with joins',
  )
})

t.test('servers kept out by server_acl', async (t) => {
  const world = await open(t)
  const { relay, fake } = world
  const eve = fake.user('eve')
  await fake.join(relay.server, relay.room, eve)
  await t.rejects(
    relay.operator.matrixServerBan('127.0.0.*'),
    { code: 'bad_argument' },
    'it would shut out the relay itself',
  )
  await relay.operator.matrixServerBan('*.evil.example')
  await t.rejects(relay.operator.matrixServerBan('a b'), { code: 'bad_argument' })
  await until('it is told', () => fake.events.some(({ type }) => type === 'm.room.server_acl'))
})
