// A domain on free ports of 127.0.0.1, with the certificate a test gives it and a clock it turns.

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
  /** lines of the log */
  lines: string[]
  /** A visitor by HTTPS; one who takes any certificate if told so. */
  visitor(verify?: boolean): Visitor
  /** A visitor by plain HTTP, who says the domain's name. */
  plain: Visitor
}

export interface OpenOptions {
  clock?: TestClock
  fetch?: FetchCertificate
  handler?: Handler
}

/** Opens a domain and closes it with the test; a page says `hello`. */
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
