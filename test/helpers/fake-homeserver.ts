// SPDX-License-Identifier: AGPL-3.0-or-later
// A homeserver that a test controls: it signs and answers what the test says, right or wrong.

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { createAddressRules } from '../../src/matrix/addresses.js'
import { createFederationClient, type FederationClient } from '../../src/matrix/client.js'
import { createDiscovery } from '../../src/matrix/discovery.js'
import { buildEvent, type EventDraft, type RoomEvent } from '../../src/matrix/event.js'
import { createHttps } from '../../src/matrix/https.js'
import { serverKeys } from '../../src/matrix/identity.js'
import type { JsonObject } from '../../src/matrix/json.js'
import { type RoomVersion, roomVersion } from '../../src/matrix/room-version.js'
import { type SigningKey, signingKeyOf } from '../../src/matrix/signing.js'
import { type Authority, writePair } from './certificates.js'
import { shortDir } from './relay.js'

export interface FakeHomeserver {
  name: string
  key: SigningKey
  client: FederationClient
  /** received requests, newest last */
  events: JsonObject[]
  /** requests answered by the test itself, by the beginning of `METHOD path` */
  answers: Map<string, (path: string, body: JsonObject) => unknown>
  user(name: string): string
  /** Signs an event with its own key. */
  event(draft: EventDraft, version?: RoomVersion): RoomEvent
  /** Makes a join from the template of a resident, and sends it there. */
  join(resident: string, room: string, user: string): Promise<JsonObject>
  send(resident: string, pdus: readonly unknown[], id?: string): Promise<JsonObject>
}

const V12 = roomVersion('12') as RoomVersion

/** Starts one on 127.0.0.1. */
export async function startFake(t: Test, authority: Authority): Promise<FakeHomeserver> {
  const pair = await authority.issue('127.0.0.1')
  const key = signingKeyOf('fake', randomBytes(32))
  const answers: FakeHomeserver['answers'] = new Map()
  const events: JsonObject[] = []
  const server = createServer({ key: pair.key, cert: pair.cert }, (req, res) => {
    let text = ''
    req.on('data', (chunk) => {
      text += chunk
    })
    req.on('end', () => {
      // Synapse reads no answer without it
      res.setHeader('Content-Type', 'application/json')
      const body = text === '' ? {} : JSON.parse(text)
      const line = `${req.method} ${req.url}`
      const own = [...answers].find(([start]) => line.startsWith(start))
      if (own) {
        const answer = own[1](req.url ?? '', body)
        if (answer === undefined) return
        const { status = 200, ...content } = answer as { status?: number }
        res.writeHead(status).end(JSON.stringify(content))
        return
      }
      if (line.startsWith('GET /_matrix/key/v2/server'))
        return void res.end(JSON.stringify(serverKeys(name, key, Date.now())))
      if (line.startsWith('PUT /_matrix/federation/v1/send/')) {
        events.push(...body.pdus)
        return void res.end('{"pdus":{}}')
      }
      res.writeHead(404).end('{"errcode":"M_NOT_FOUND"}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const { cert } = writePair(await shortDir(t), { key: '', cert: authority.root })
  const https = createHttps(createAddressRules(['127.0.0.0/8']), cert)
  t.teardown(() => https.close())
  const client = createFederationClient(
    { https, discovery: createDiscovery({ fetch: https.fetch, now: Date.now }), key },
    name,
  )
  const event = (draft: EventDraft, version = V12): RoomEvent => buildEvent(draft, version, name, key)
  let transactions = 0
  return {
    ...{ name, key, client, events, answers, event },
    user: (local) => `@${local}:${name}`,
    async join(resident, room, user) {
      const path = `/_matrix/federation/v1/make_join/${encodeURIComponent(room)}/${encodeURIComponent(user)}`
      const made = await client.request(resident, 'GET', `${path}?ver=10&ver=11&ver=12`)
      const version = roomVersion(made.room_version) as RoomVersion
      const { origin: _, ...template } = made.event as unknown as EventDraft & { origin?: string }
      const join = event({ ...template, origin_server_ts: Date.now() } as EventDraft, version)
      const to = `/_matrix/federation/v2/send_join/${encodeURIComponent(room)}/${encodeURIComponent(join.id)}`
      return client.request(resident, 'PUT', to, { content: join.pdu })
    },
    send(resident, pdus, id = `t${++transactions}`) {
      const content = { origin: name, origin_server_ts: Date.now(), pdus: pdus as JsonObject[] }
      return client.request(resident, 'PUT', `/_matrix/federation/v1/send/${id}`, { content })
    },
  }
}
