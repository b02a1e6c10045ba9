// SPDX-License-Identifier: AGPL-3.0-or-later
// A fake certificate authority without a network.

import { join } from 'node:path'
import type { Test } from 'tap'
import { CERTIFICATE_LOOK_MS, DAY } from '../../../src/lib/limits.js'
import type { CertificateOrder, FetchCertificate } from '../../../src/web/domain/fetch.js'
import type { Authority } from '../../helpers/certificates.js'
import { createTestClock, type TestClock } from '../../helpers/clock.js'
import { type OpenedDomain, openDomain } from './reach.js'

export const DIRECTORY = 'https://ca.example/directory'

export interface Office {
  fetch: FetchCertificate
  orders: CertificateOrder[]
  /** orders in work */
  busy: number
  /** the next response; by default a certificate for 90 days by the authority's clock */
  next: null | ((order: CertificateOrder, ...more: unknown[]) => Promise<string>)
}

/** Opens a fake authority; `today` is its clock. */
export function officeOf(authority: Authority, today: () => number): Office {
  const office: Office = {
    orders: [],
    next: null,
    busy: 0,
    async fetch(order, answer, signal) {
      office.orders.push(order)
      office.busy += 1
      answer(`token-${office.orders.length}`, 'answer')
      const issue = () =>
        authority.certify(order.key, order.hostname, { from: today(), until: today() + 90 * DAY })
      try {
        return await (office.next ? office.next(order, signal) : issue())
      } finally {
        office.busy -= 1
      }
    },
  }
  return office
}

export interface Kept extends OpenedDomain {
  office: Office
  dir: string
  /** Advances the clock in steps of the relay's timer and waits for the effects. */
  pass(ms: number): Promise<void>
}

/** Opens a domain with ACME against a fake authority, in a directory of its own. */
export async function keptBy(
  t: Test,
  authority: Authority,
  {
    clock = createTestClock(Date.UTC(2026, 0, 10)),
    dir = join(t.testdir(), 'tls'),
    office = officeOf(authority, clock.now),
    directory = DIRECTORY,
  }: { clock?: TestClock; dir?: string; office?: Office; directory?: string } = {},
): Promise<Kept> {
  const certificate = { email: 'operator@example.org', directory, ca: null, dir }
  const opened = await openDomain(t, authority, certificate, { clock, fetch: office.fetch })
  await turns()
  return {
    ...{ ...opened, office, dir },
    async pass(ms) {
      for (let left = ms; left > 0; left -= CERTIFICATE_LOOK_MS) {
        clock.advance(Math.min(left, CERTIFICATE_LOOK_MS))
        await settled(office)
      }
    },
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate)
}

/** Waits until no order is in work; signing runs in another thread. */
async function settled(office: Office): Promise<void> {
  await turns()
  while (office.busy > 0) await turns()
  await turns()
}

/** Waits until this many orders were made. */
export async function asked({ office }: Kept, times: number): Promise<void> {
  while (office.orders.length < times) await turns()
  await settled(office)
}
