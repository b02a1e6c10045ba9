// Tunnels: which are open, whose they are, and the caps on each. Only places are counted; the bytes pass elsewhere.

import { RelayError } from '../lib/errors.js'
import { TUNNELS_PER_PAIR } from '../lib/limits.js'

export interface TunnelCaps {
  /** tunnels open at once */
  total: number
  /** of one identity at once as origin, and as many as target */
  perPeer: number
  /** bytes through one tunnel, both ways together */
  bytes: number
  /** milliseconds a tunnel may last */
  ms: number
}

/** One tunnel, as far as who may have its place is concerned. */
export interface Place {
  readonly origin: string
  readonly target: string
  /** whether the relay follows either end: no crowd of strangers takes such a place */
  readonly followed: boolean
  /** when a byte last passed, by a clock good for differences */
  lastPassed: number
  /** ends the tunnel, so that its place is free */
  end(): void
}

export interface Tunnels {
  readonly caps: Readonly<TunnelCaps>
  /**
   * Whether an origin may open one more, whoever the target: asked before anybody looks for the target, so that the
   * answer tells nothing of it. @throws RelayError `busy`
   */
  admit(origin: string, followed: boolean): void
  /**
   * Takes a place; the answer gives it back. Where all are taken, strangers' most silent tunnel makes room for members.
   * @throws RelayError `busy` for the origin's own doing, `not_attending` where the target has too many
   */
  take(place: Place): () => void
  count(): number
}

export function createTunnels(caps: TunnelCaps): Tunnels {
  const open = new Set<Place>()
  const dialling = new Map<string, number>()
  const dialled = new Map<string, number>()

  function add(counts: Map<string, number>, id: string, step: 1 | -1): void {
    const next = (counts.get(id) ?? 0) + step
    if (next === 0) counts.delete(id)
    else counts.set(id, next)
  }

  function mostSilentStrangers(): Place | undefined {
    let found: Place | undefined
    for (const place of open)
      if (!place.followed && (!found || place.lastPassed < found.lastPassed)) found = place
    return found
  }

  function admit(origin: string, followed: boolean): void {
    if ((dialling.get(origin) ?? 0) >= caps.perPeer)
      throw new RelayError('busy', 'too many tunnels', { limit: 'tunnels_per_peer' })
    if (open.size >= caps.total && !(followed && mostSilentStrangers()))
      throw new RelayError('busy', 'too many tunnels', { limit: 'tunnels' })
  }

  return {
    caps,
    count: () => open.size,
    admit,
    take(place) {
      const { origin, target } = place
      const pair = [...open].filter((other) => other.origin === origin && other.target === target).length
      if (pair >= TUNNELS_PER_PAIR)
        throw new RelayError('busy', 'too many tunnels to one peer', { limit: 'tunnels_per_pair' })
      if ((dialled.get(target) ?? 0) >= caps.perPeer) throw new RelayError('not_attending')
      admit(origin, place.followed)
      if (open.size >= caps.total) mostSilentStrangers()?.end()
      open.add(place)
      add(dialling, origin, 1)
      add(dialled, target, 1)
      return () => {
        if (!open.delete(place)) return
        add(dialling, origin, -1)
        add(dialled, target, -1)
      }
    },
  }
}
