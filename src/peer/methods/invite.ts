// SPDX-License-Identifier: AGPL-3.0-or-later
// invite.use: follows the feed that a guest names, then closes the guest's connection.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { GUEST_IDLE_MS, GUEST_LINGER_MS, GUEST_TRIES } from '../../lib/limits.js'
import type { Methods } from '../../muxrpc/registry.js'
import type { Store } from '../../store/store.js'
import type { AccessTable } from '../access.js'
import { asObject, feedField } from '../arguments.js'
import type { Connection } from '../connection.js'

/**
 * `invite.use({feed})` returns the relay's contact message when it is on disk.
 * Errors; clients compare the messages: `invite unknown`, `invite used up`, `invite expired`, `already following`.
 */
export function inviteMethods(
  { guests }: AccessTable,
  { store, clock }: { store: Store; clock: Clock },
): Methods<Connection> {
  const tries = new WeakMap<Connection, number>()

  async function use(guest: Connection, argument: unknown): Promise<unknown> {
    if (guest.callerClass !== 'guest') throw new RelayError('not_allowed')
    const feed = feedField(asObject(argument), 'feed')
    const message = await store.invites.use(guest.id, feed).catch((err: unknown) => {
      // limited, because each rejection tells whether a feed is a member
      const failed = (tries.get(guest) ?? 0) + 1
      tries.set(guest, failed)
      if (failed >= GUEST_TRIES) closeAfter(clock, guest, 0, 'too many tries')
      throw err
    })
    guest.log.info({ feed }, 'invite used')
    closeAfter(clock, guest, GUEST_LINGER_MS, 'invite used')
    return message
  }

  return { 'invite.use': { type: 'async', access: guests, call: use } }
}

/** Closes a guest's connection after a while if it does not use its invite. */
export function receiveGuest(clock: Clock, guest: Connection): void {
  closeAfter(clock, guest, GUEST_IDLE_MS, 'invite not used in time')
}

/** The timer is cancelled when the connection closes. */
function closeAfter(clock: Clock, guest: Connection, ms: number, reason: string): void {
  guest.onClose(clock.after(ms, () => guest.close(reason)))
}
