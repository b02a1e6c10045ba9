// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether EBT is on: by configuration, or by the setting that the operator can change while the relay runs.

import type { FeedId } from '../../ssb/feed-id.js'
import type { Ebt, EbtComponents } from './hub.js'

export interface EbtSwitch {
  /** The sessions' hub; null while EBT is off. */
  hub(): Ebt | null
  /** Counts a member whose app asks for EBT while it is off. */
  refused(member: FeedId): void
  /** Number of members whose apps asked for EBT while it was off, since the start or since it was last on. */
  refusedCount(): number
  close(): void
}

/** Resolves once EBT can be called, if it is on. @param configured the config key `feeds.ebt` */
export async function createEbtSwitch(components: EbtComponents, configured: boolean): Promise<EbtSwitch> {
  const { store, log } = components
  const asked = new Set<FeedId>()
  const isOn = (): boolean => configured || store.settings.get().ebt
  let hub: Ebt | null = null
  let isClosed = false

  async function load(): Promise<void> {
    // loaded only when needed
    const { createEbt } = await import('./hub.js')
    if (hub || isClosed || !isOn()) return
    asked.clear()
    hub = createEbt(components)
  }

  const stopListening = store.settings.onChange(() => {
    if (isOn() && !hub) load().catch((err) => log.error({ err }, 'cannot turn EBT on'))
    if (isOn()) return
    hub?.close()
    hub = null
  })
  if (isOn()) await load()

  return {
    hub: () => hub,
    // bounded by the number of members
    refused: (member) => void asked.add(member),
    refusedCount: () => asked.size,
    close() {
      isClosed = true
      stopListening()
      hub?.close()
      hub = null
    },
  }
}
