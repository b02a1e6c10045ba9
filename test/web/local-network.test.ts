// SPDX-License-Identifier: AGPL-3.0-or-later
// The listener for the local network: a port that is taken, and which paths it has.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { loadConfig } from '../../src/config/config.js'
import { webListeners } from '../../src/config/parts.js'
import { createLog } from '../../src/lib/log.js'
import type { WebComponents } from '../../src/web/contract.js'
import { openWebListeners } from '../../src/web/listeners.js'
import { isLocalPage } from '../../src/web/local-network.js'
import { createTestClock } from '../helpers/clock.js'
import { OWN_SETS } from '../helpers/relay.js'

t.test('a port that is taken is a warning, unless the operator has chosen it', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const at = ['web.local=true', 'web.local_host=127.0.0.1', `web.local_port=${port}`]
  const { local, ...others } = webListeners(loadConfig({ sets: [...OWN_SETS, ...at] }), '/nonexistent')
  const open = (required: boolean) =>
    // no page is asked for, so its parts are not needed
    openWebListeners(
      { site: { log } as WebComponents, log, clock: createTestClock() },
      { ...others, local: local && { ...local, required } },
    )
  t.match(local, { port, required: true })
  const opened = await open(false)
  t.teardown(() => opened.close())
  t.match(opened.local, { url: null, problem: `local 127.0.0.1:${port} (EADDRINUSE)` })
  t.match(lines.join(), 'local listener failed')
  await t.rejects(open(true), { code: 'address_unusable' })
  const byDefault = webListeners(loadConfig({ sets: ['web.local=true'] }), '/nonexistent').local
  t.same(byDefault, { host: '0.0.0.0', port: 80, required: false })
  t.equal(webListeners(loadConfig(), '/nonexistent').local, null, 'off by default')
})

t.test('pages for strangers are not among its pages', async (t) => {
  for (const path of [
    ...['/', '/setup', '/healthz', '/robots.txt', '/language', '/assets/style.css', '/local/qr.gif'],
    ...['/login', '/login/link', '/logout', '/dashboard', '/dashboard/invites', '/notice/rules'],
    ...['/join', '/join/qr.gif'],
  ])
    t.ok(isLocalPage(path), path)
  for (const path of [
    ...[
      '/invite',
      '/invite/',
      '/invite/captcha.png',
      '/invite/captcha.wav',
      '/alias/bob',
      '/whois',
      '/setup/',
      '/setups',
    ],
    ...['/dashboardx', '/_matrix/federation/v1/version', '//', '', '/healthz/', '/.well-known/matrix/server'],
  ])
    t.notOk(isLocalPage(path), path)
})
