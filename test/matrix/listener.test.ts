// SPDX-License-Identifier: AGPL-3.0-or-later
// Where federation is served: on the HTTPS listener of the domain unless it has a port of its own, and nowhere else.

import { join } from 'node:path'
import t from 'tap'
import { createAuthority, writePair } from '../helpers/certificates.js'
import { freePort } from '../helpers/ports.js'
import { bootRelay, shortDir } from '../helpers/relay.js'
import { httpsJson } from '../helpers/synapse.js'

t.test('without matrix.port it is under the domain, and .well-known says so', async (t) => {
  const authority = await createAuthority()
  const pair = writePair(join(await shortDir(t), 'tls'), await authority.issue(['localhost', '127.0.0.1']))
  const port = await freePort()
  const domain = [
    ...['domain.name=localhost', 'domain.host=127.0.0.1', `domain.https_port=${port}`, 'domain.http_port=0'],
    ...[`domain.tls_key=${pair.key}`, `domain.tls_cert=${pair.cert}`],
  ]
  const relay = await bootRelay(t, { sets: [...domain, 'matrix.enabled=true'] })
  const at = { port, ca: authority.root, name: 'localhost' }
  t.match((await relay.status()).matrix, {
    state: 'ready',
    server_name: 'localhost',
    alias: '#lobby:localhost',
  })
  t.same(await httpsJson(at, 'GET', '/.well-known/matrix/server'), {
    status: 200,
    body: { 'm.server': `localhost:${port}` },
  })
  t.match(await httpsJson(at, 'GET', '/_matrix/federation/v1/version'), {
    status: 200,
    body: { server: { name: 'Tidepool' } },
  })
  t.match(await httpsJson(at, 'GET', '/_matrix/key/v2/server'), { body: { server_name: 'localhost' } })
  t.equal((await httpsJson(at, 'GET', '/healthz')).status, 200, 'the pages are there as well')
  // not in the clear
  t.equal((await fetch(`${relay.webUrl}/_matrix/federation/v1/version`)).status, 404)

  const off = await bootRelay(t, { sets: domain.map((each) => each.replace(`=${port}`, '=0')) })
  t.match((await off.status()).matrix, { state: 'disabled' })
})

t.test('a port of its own, with the certificate of the domain', async (t) => {
  const authority = await createAuthority()
  const pair = writePair(join(await shortDir(t), 'tls'), await authority.issue(['localhost', '127.0.0.1']))
  const port = await freePort()
  await bootRelay(t, {
    sets: [
      ...['domain.name=localhost', 'domain.host=127.0.0.1', 'domain.https_port=0', 'domain.http_port=0'],
      ...[`domain.tls_key=${pair.key}`, `domain.tls_cert=${pair.cert}`],
      ...['matrix.enabled=true', 'matrix.host=127.0.0.1', `matrix.port=${port}`],
    ],
  })
  const at = { port, ca: authority.root, name: 'localhost' }
  t.equal((await httpsJson(at, 'GET', '/_matrix/federation/v1/version')).status, 200)
  t.equal((await httpsJson(at, 'GET', '/')).status, 404, 'and no pages')
})
