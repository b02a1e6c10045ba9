// SPDX-License-Identifier: AGPL-3.0-or-later
// The origin of the site for each host.

import t from 'tap'
import { type Sites, siteAt } from '../../src/web/address.js'

const at = (host: string) => ({ host, port: 8080, url: `http://${host === '::' ? '192.0.2.1' : host}:8080` })
const [inside, outside] = [at('127.0.0.1'), at('::')]
const [domain, onion, https] = ['pool.example', 'abc.onion', 'https://pool.example']
const nowhere: Sites = { domain: null, onion: null, https: null, plain: inside }

t.test('site', async (t) => {
  const cases: Array<[name: string, host: string | undefined, where: Partial<Sites>, site: string]> = [
    ['for this machine alone', undefined, {}, 'http://127.0.0.1:8080'],
    ['a host that leads nowhere', '192.0.2.9', {}, 'http://127.0.0.1:8080'],
    ['by our address', undefined, { plain: outside }, 'http://192.0.2.1:8080'],
    ['by an address asked for', '192.0.2.9', { plain: outside }, 'http://192.0.2.9:8080'],
    ['by the name without HTTPS', undefined, { plain: outside, domain }, 'http://pool.example:8080'],
    ['that name, inside', undefined, { domain }, 'http://127.0.0.1:8080'],
    ['HTTPS', undefined, { domain, https, onion }, https],
    ['HTTPS, asked for', domain, { domain, https, onion }, https],
    ['the onion, asked for', onion, { domain, https, onion }, 'http://abc.onion'],
    ['the onion, where there is no HTTPS', undefined, { domain, onion, plain: outside }, 'http://abc.onion'],
    [
      'an address asked for beside them',
      '192.0.2.9',
      { domain, https, onion, plain: outside },
      'http://192.0.2.9:8080',
    ],
    ['somebody else’s onion', 'x.onion', { onion }, 'http://127.0.0.1:8080'],
  ]
  for (const [name, host, where, site] of cases) t.equal(siteAt(host, { ...nowhere, ...where }), site, name)
})
