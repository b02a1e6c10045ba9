// The streams that callers have open, as the wire sees them: how many there may be, and which may carry their data.

import { RelayError } from '../../lib/errors.js'
import { CALLS_AT_ONCE } from '../../lib/limits.js'
import { callLimit, isFollowed, type Session } from '../session.js'
import type { StreamWatch } from './frames.js'

/** Times the calls of its row that a connection may open in one breath: what is refused takes a moment to leave. */
const GRACE = 2

/** What is known of an open stream: its caller may send data; its caller has ended it. */
const TALKS = 1
const SAID_ALL = 2

type Caller = Pick<Session, 'row' | 'close'>

/** Those of all connections: what they cost together is what a board has to bear. */
export class OpenStreams {
  private readonly connections = new Set<ConnectionStreams>()
  private total = 0

  /**
   * @param tunnels that one peer may have open
   * @param onCut   told when a connection is cut for the good of all
   */
  constructor(
    readonly tunnels: number,
    private readonly onCut: () => void,
  ) {}

  get count(): number {
    return this.total
  }

  /** Counts one in; beyond the limit the connection with most of them is cut, strangers' and guests' first. */
  entered(by: ConnectionStreams): void {
    this.connections.add(by)
    this.total += 1
    if (this.total <= CALLS_AT_ONCE) return
    let most = by
    for (const each of this.connections) {
      if ((rank(each) - rank(most) || most.size - each.size) < 0) most = each
    }
    this.onCut()
    this.forget(most)
    most.caller.close('too many calls of all connections at once')
  }

  left(by: ConnectionStreams, count: number): void {
    this.total -= count
    if (by.size === 0) this.connections.delete(by)
  }

  /** The connection is gone, or as good as gone. */
  forget(streams: ConnectionStreams): void {
    if (this.connections.delete(streams)) this.total -= streams.size
    streams.cut = true
  }
}

function rank({ caller }: ConnectionStreams): number {
  return isFollowed(caller.row) ? 1 : 0
}

/**
 * One connection's. muxrpc keeps a stream until both ends have ended it and keeps whatever comes on it until then,
 * whether anybody reads it or not. So data is taken on those streams alone that are for it, and what we have ended is
 * ended for muxrpc at once: what its caller still sends on it goes no further.
 */
export class ConnectionStreams implements StreamWatch {
  cut = false
  private readonly open = new Map<number, number>()
  /** ended by us, and not yet by the caller; the longest ago are forgotten, and what comes on those is a bad call */
  private readonly late = new Set<number>()
  private endings: number[] = []

  constructor(
    readonly caller: Caller,
    private readonly all: OpenStreams,
  ) {}

  /** Streams that muxrpc holds. */
  get size(): number {
    return this.open.size + this.endings.length
  }

  opens(request: number): boolean {
    return !this.open.has(request) && !this.late.has(request)
  }

  opened(request: number, talks: boolean, ended: boolean): void {
    if (this.cut) throw new RelayError('busy')
    const most = GRACE * callLimit(this.caller.row, this.all.tunnels)
    if (this.size >= most) throw new RelayError('busy', `more than ${most} calls at once`)
    this.open.set(request, (talks ? TALKS : 0) | (ended ? SAID_ALL : 0))
    this.all.entered(this)
    if (this.cut) throw new RelayError('busy')
  }

  wentOn(request: number, ended: boolean): boolean {
    const known = this.open.get(request)
    if (known === undefined) {
      if (ended) this.late.delete(request)
      return false
    }
    if (ended) this.open.set(request, known | SAID_ALL)
    else if (known !== TALKS) throw new RelayError('bad_argument', 'data on a stream that takes none')
    return true
  }

  /** We have ended a stream. @returns whether muxrpc is to be told that its caller has */
  ended(request: number): boolean {
    const known = this.open.get(request)
    if (known === undefined) return false
    this.open.delete(request)
    if (known & SAID_ALL) {
      this.leave(1)
      return false
    }
    this.endings.push(request)
    this.late.add(request)
    if (this.late.size > callLimit(this.caller.row, this.all.tunnels)) {
      const [oldest] = this.late
      this.late.delete(oldest as number)
    }
    return true
  }

  takeEndings(): number[] {
    const endings = this.endings
    if (endings.length === 0) return endings
    this.endings = []
    this.leave(endings.length)
    return endings
  }

  private leave(count: number): void {
    if (!this.cut) this.all.left(this, count)
  }
}
