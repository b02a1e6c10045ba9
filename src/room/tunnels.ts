// SPDX-License-Identifier: AGPL-3.0-or-later
// Open tunnels and their limits. Counts slots; `peer/splice.ts` moves the bytes.

import { RelayError } from '../lib/errors.js'
import { TUNNELS_PER_PAIR } from '../lib/limits.js'

export interface TunnelCaps {
  /** open tunnels in total */
  total: number
  /** open tunnels of one identity as origin, and as many as target */
  perPeer: number
  /** bytes through one tunnel, both directions together */
  bytes: number
  /** lifetime of one tunnel, milliseconds */
  ms: number
}

/** One tunnel's slot. */
export interface TunnelSlot {
  readonly origin: string
  readonly target: string
  /** whether the relay follows either end: such a tunnel is not evicted for others */
  readonly followed: boolean
  /** monotonic time of the last byte, milliseconds */
  lastPassed: number
  /** ends the tunnel and frees its slot */
  end(): void
}

export interface Tunnels {
  readonly caps: Readonly<TunnelCaps>
  /**
   * Checks the origin's limits. Called before the target is looked up, so that the error tells nothing of the target.
   * @throws RelayError `busy`
   */
  admit(origin: string, followed: boolean): void
  /**
   * Takes a slot. Returns the function that frees it. If all are taken, a member's tunnel evicts the tunnel between
   * strangers that has been silent longest.
   * @throws RelayError `busy` for a limit of the origin, `not_attending` for a limit of the target
   */
  take(slot: TunnelSlot): () => void
  count(): number
}

export function createTunnels(caps: TunnelCaps): Tunnels {
  const open = new Set<TunnelSlot>()
  const byOrigin = new Map<string, number>()
  const byTarget = new Map<string, number>()

  function add(counts: Map<string, number>, id: string, step: 1 | -1): void {
    const next = (counts.get(id) ?? 0) + step
    if (next === 0) counts.delete(id)
    else counts.set(id, next)
  }

  function longestSilent(): TunnelSlot | undefined {
    let found: TunnelSlot | undefined
    for (const slot of open)
      if (!slot.followed && (!found || slot.lastPassed < found.lastPassed)) found = slot
    return found
  }

  function admit(origin: string, followed: boolean): void {
    if ((byOrigin.get(origin) ?? 0) >= caps.perPeer)
      throw new RelayError('busy', 'too many tunnels', { limit: 'tunnels_per_peer' })
    if (open.size >= caps.total && !(followed && longestSilent()))
      throw new RelayError('busy', 'too many tunnels', { limit: 'tunnels' })
  }

  return {
    caps,
    count: () => open.size,
    admit,
    take(slot) {
      const { origin, target } = slot
      const pair = [...open].filter((other) => other.origin === origin && other.target === target).length
      if (pair >= TUNNELS_PER_PAIR)
        throw new RelayError('busy', 'too many tunnels to one peer', { limit: 'tunnels_per_pair' })
      if ((byTarget.get(target) ?? 0) >= caps.perPeer) throw new RelayError('not_attending')
      admit(origin, slot.followed)
      if (open.size >= caps.total) longestSilent()?.end()
      open.add(slot)
      add(byOrigin, origin, 1)
      add(byTarget, target, 1)
      return () => {
        if (!open.delete(slot)) return
        add(byOrigin, origin, -1)
        add(byTarget, target, -1)
      }
    },
  }
}
