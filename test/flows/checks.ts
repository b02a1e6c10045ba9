// SPDX-License-Identifier: AGPL-3.0-or-later
// What must hold after every input: the relay is up, no internals were sent, no fault was logged.

import type { Test } from 'tap'
import type { BootedRelay } from '../helpers/relay.js'
import type { RawClient } from './raw.js'

/** Where a client connects. */
export const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

export async function isUp(t: Test, raw: RawClient, relay: BootedRelay, comment: string): Promise<void> {
  const frame = await raw.answer(raw.call('whoami', 'sync', '[]')).catch((err: Error) => err)
  t.same(frame instanceof Error ? frame.message : JSON.parse(frame.body), { id: relay.id }, comment)
}

/** No sent byte may contain internals. */
export function tellsNothing(t: Test, raw: RawClient): void {
  const said = raw.frames
    .map(({ body }) => body)
    .filter((body) => /stack|node_modules|\.[jt]s:\d|\/src\//.test(body))
  t.same(said, [], 'no stack trace reaches the client')
}

/** Entries of the log at `error` or worse. */
export function faults(relay: BootedRelay): unknown[] {
  return relay.lines.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50)
}
