// Tunnels: how many are open, whose they are, and the caps on each. Only counts; the bytes pass elsewhere.

import { RelayError } from '../errors.js'

export interface TunnelCaps {
  /** tunnels open at once */
  total: number
  /** of one identity at once, at either end */
  perPeer: number
  /** bytes through one tunnel, both ways together */
  bytes: number
  /** milliseconds a tunnel may last */
  ms: number
}

export interface Tunnels {
  readonly caps: Readonly<TunnelCaps>
  /** Takes a place for a tunnel; the answer gives it back. @throws RelayError `busy` */
  take(origin: string, target: string): () => void
  count(): number
}

export function createTunnels(caps: TunnelCaps): Tunnels {
  const byPeer = new Map<string, number>()
  let open = 0

  function add(id: string, step: 1 | -1): void {
    const next = (byPeer.get(id) ?? 0) + step
    if (next === 0) byPeer.delete(id)
    else byPeer.set(id, next)
  }

  return {
    caps,
    count: () => open,
    take(origin, target) {
      const most = Math.max(byPeer.get(origin) ?? 0, byPeer.get(target) ?? 0)
      if (open >= caps.total || most >= caps.perPeer) throw new RelayError('busy', 'too many tunnels')
      open += 1
      add(origin, 1)
      add(target, 1)
      let taken = true
      return () => {
        if (!taken) return
        taken = false
        open -= 1
        add(origin, -1)
        add(target, -1)
      }
    },
  }
}
