// tunnel.connect: dials the target for the origin and splices the two, so that either end's failure ends both.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { TUNNEL_BEGIN_MS, TUNNEL_IDLE_MS, TUNNEL_STALL_MS, TUNNEL_WAITING_BYTES } from '../../lib/limits.js'
import type { Attendants } from '../../room/attendants.js'
import type { Place, Tunnels } from '../../room/tunnels.js'
import type { FeedId } from '../../ssb/feed-id.js'
import { asObject, feedField, integerField } from '../arguments.js'
import { isFollowed, type Session } from '../session.js'
import { countedBytes } from '../wire/frames.js'
import { createOutflow, type Outflow } from '../wire/outflow.js'
import type { Duplex, End, Source } from '../wire/pull.js'

export interface TunnelComponents {
  attendants: Attendants<Session>
  tunnels: Tunnels
  clock: Clock
  /** our own id: the only portal there is here */
  own: FeedId
}

/**
 * The method: `tunnel.connect({portal, target})` answers a duplex that ends at the target. Rooms 1 clients leave the
 * portal out. The target is told the origin as the handshake proved it; what the caller says of it is not read.
 * Errors: `could not connect` for every target that cannot be had, whether it exists or not.
 */
export function createTunnelConnect({ attendants, tunnels, clock, own }: TunnelComponents) {
  return (session: Session, argument: unknown): Duplex<unknown> => {
    const options = asObject(argument)
    const target = feedField(options, 'target')
    const portal = Object.hasOwn(options, 'portal') ? feedField(options, 'portal') : own
    const instance = integerField(options, 'instance') ?? 0
    tunnels.admit(session.id, isFollowed(session.row))
    const other = attendants.get(target)
    if (portal !== own || target === own || target === session.id || !other?.rpc)
      throw new RelayError('not_attending')

    const place: Place = {
      origin: session.id,
      target,
      followed: isFollowed(session.row) || isFollowed(other.row),
      lastPassed: clock.uptime(),
      end: () => {},
    }
    const giveBack = tunnels.take(place)
    const remote = other.rpc.tunnel.connect({ portal: own, target, origin: session.id, instance }, () => {})
    return splice({ session, other, remote, place, giveBack, caps: tunnels.caps, clock })
  }
}

interface Spliced {
  session: Session
  other: Session
  remote: Duplex<unknown>
  place: Place
  giveBack: () => void
  caps: { bytes: number; ms: number }
  clock: Clock
}

/** Joins the caller's end, which is answered, to the target's; counts what passes and cuts what stands still. */
function splice({ session, other, remote, place, giveBack, caps, clock }: Spliced): Duplex<unknown> {
  let ended: End = null
  let passed = 0
  /** the caller's own source, once muxrpc has handed it over */
  let fromCaller: Source<unknown> | null = null
  const letGo = new Set<() => void>()
  const cancelTime = clock.after(caps.ms, () =>
    finish(new RelayError('tunnel_ended', 'it has lasted long enough')),
  )
  let cancelIdle = clock.after(TUNNEL_BEGIN_MS, idle)
  place.end = () => finish(new RelayError('tunnel_ended', 'others need its place'))
  session.calls += 1

  /** Looks whether anything has passed lately, and comes back when that may have changed. */
  function idle(): void {
    const quiet = clock.uptime() - place.lastPassed
    if (passed === 0 || quiet >= TUNNEL_IDLE_MS) finish(new RelayError('tunnel_ended', 'nothing passes'))
    else cancelIdle = clock.after(TUNNEL_IDLE_MS - quiet, idle)
  }

  function finish(end: End): void {
    if (ended) return
    ended = end
    session.calls -= 1
    cancelTime()
    cancelIdle()
    giveBack()
    for (const release of [...letGo]) release()
    remote.source(end, () => {})
    fromCaller?.(end, () => {})
  }

  /** Stops reading from one end while what it sent waits at the other, and cuts a tunnel that stays so. */
  function holdUntilRoom(from: Session, lane: Outflow, then: () => void): void {
    from.link.hold()
    const cancelStall = clock.after(TUNNEL_STALL_MS, () =>
      finish(new RelayError('tunnel_ended', 'it stood still')),
    )
    const release = (): void => {
      if (!letGo.delete(release)) return
      cancelStall()
      from.link.release()
      then()
    }
    letGo.add(release)
    lane.whenRoom(release)
  }

  function pass(read: Source<unknown>, from: Session, to: Session): Source<unknown> {
    // This tunnel's own: what else waits for that socket is no reason to hold up everything this end sends.
    const lane = createOutflow(TUNNEL_WAITING_BYTES)
    let holding = false
    return (abort, cb) => {
      if (abort || ended) {
        finish(abort ?? ended)
        cb(abort ?? ended)
        return
      }
      read(null, (end, data) => {
        if (!end && !Buffer.isBuffer(data)) end = new RelayError('bad_argument', 'a tunnel carries bytes')
        if (!end) passed += (data as Buffer).length
        if (!end && passed > caps.bytes) end = new RelayError('tunnel_ended', 'it has carried enough')
        if (end) {
          finish(end)
          // what the other end's app says of its failure is between the two of them, and no fault of ours
          cb(
            end === true || end instanceof RelayError
              ? end
              : new RelayError('tunnel_ended', 'the other end failed'),
          )
          return
        }
        place.lastPassed = clock.uptime()
        to.outflow.entered((data as Buffer).length)
        lane.entered((data as Buffer).length)
        if (lane.full() && !holding) {
          holding = true
          holdUntilRoom(from, lane, () => {
            holding = false
          })
        }
        cb(null, countedBytes(data as Buffer, lane))
      })
    }
  }

  return {
    source: pass(remote.source, other, session),
    sink(read) {
      fromCaller = read
      remote.sink(pass(read, session, other))
    },
  }
}
