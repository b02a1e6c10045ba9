// SPDX-License-Identifier: AGPL-3.0-or-later
// A domain on free ports of 127.0.0.1, with a given certificate and a fake clock.

import type { Test } from 'tap'
import { createLog } from '../../../src/lib/log.js'
import type { Handler } from '../../../src/web/contract.js'
import { createDomain, type Domain, type DomainOptions } from '../../../src/web/domain/domain.js'
import type { FetchCertificate } from '../../../src/web/domain/fetch.js'
import type { Authority } from '../../helpers/certificates.js'
import { createTestClock, type TestClock } from '../../helpers/clock.js'
import { Visitor } from '../../helpers/http.js'

export const NAME = 'relay.example.org'

export interface OpenedDomain {
  domain: Domain
  clock: TestClock
  /** log lines */
  lines: string[]
  /** An HTTPS client; optionally without certificate checks. */
  visitor(verify?: boolean): Visitor
  /** A plain HTTP client that sends the domain as Host. */
  plain: Visitor
}

export interface OpenOptions {
  clock?: TestClock
  fetch?: FetchCertificate
  handler?: Handler
}

/** Opens a domain and closes it with the test; every page is `hello`. */
export async function openDomain(
  t: Test,
  authority: Authority,
  certificate: DomainOptions['certificate'],
  {
    clock = createTestClock(Date.now()),
    fetch,
    handler = (_req, res) => void res.end('hello'),
  }: OpenOptions = {},
): Promise<OpenedDomain> {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const domain = await createDomain(
    { handler, log, clock, fetch },
    { hostname: NAME, aliasSubdomains: false, host: '127.0.0.1', httpsPort: 0, httpPort: 0, certificate },
  )
  t.teardown(() => domain.close())
  const reach = { port: domain.httpsPort, ca: authority.root }
  return {
    ...{ domain, clock, lines },
    visitor: (verify = true) => new Visitor(`https://${NAME}:${domain.httpsPort}`, { ...reach, verify }),
    plain: new Visitor(`http://127.0.0.1:${domain.httpPort}`),
  }
}
