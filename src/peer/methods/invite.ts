// invite.use: a guest's key turns into a follow of the feed it names, and the guest is shown out.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { GUEST_IDLE_MS, GUEST_LINGER_MS, GUEST_TRIES } from '../../lib/limits.js'
import type { Store } from '../../store/store.js'
import { answering, asObject, feedField } from '../arguments.js'
import type { Session } from '../session.js'

/**
 * The method: `invite.use({feed})` answers the relay's contact message once it is on disk.
 * Errors, whose words clients compare: `invite unknown`, `invite used up`, `invite expired`, `already following`.
 */
export function createInviteUse({ store, clock }: { store: Store; clock: Clock }) {
  const tries = new WeakMap<Session, number>()
  return answering(async (session, argument) => {
    if (session.row !== 'guest') throw new RelayError('not_allowed')
    const feed = feedField(asObject(argument), 'feed')
    const message = await store.invites.use(session.id, feed).catch((err: unknown) => {
      // Each refusal tells whether a feed is a member: enough for a person's mistakes, not for a list of names.
      const wrong = (tries.get(session) ?? 0) + 1
      tries.set(session, wrong)
      if (wrong >= GUEST_TRIES) closeAfter(clock, session, 0, 'the guest keeps asking')
      throw err
    })
    session.log.info({ feed }, 'an invite was used')
    closeAfter(clock, session, GUEST_LINGER_MS, 'the invite was used')
    return message
  })
}

/** A guest that does nothing is shown out too. */
export function receiveGuest(clock: Clock, session: Session): void {
  closeAfter(clock, session, GUEST_IDLE_MS, 'the guest never used its invite')
}

/** Shows a guest out in a while; the timer goes with the connection. */
function closeAfter(clock: Clock, session: Session, ms: number, reason: string): void {
  session.onClose(clock.after(ms, () => session.close(reason)))
}
