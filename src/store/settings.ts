// SPDX-License-Identifier: AGPL-3.0-or-later
// Settings that change while the relay runs: name, description, privacy mode, EBT, and whether set-up is complete.

import type { Tables } from './layout.js'
import type { Precondition, Writer } from './writer.js'

export type PrivacyMode = 'open' | 'community' | 'restricted'

export const PRIVACY_MODES: readonly PrivacyMode[] = ['open', 'community', 'restricted']

export interface SettingsRecord {
  /** shown on pages; empty until set-up */
  name: string
  description: string
  mode: PrivacyMode
  /** whether set-up is complete */
  setUp: boolean
  /** whether members may replicate by EBT; overrides the configuration */
  ebt: boolean
}

export interface Settings {
  /** The current settings. Cached, as each admission and call reads them. */
  get(): Readonly<SettingsRecord>
  /** The mode inside a write, including changes earlier in the same batch. */
  modeNow(): PrivacyMode
  /** Changes some settings; listeners are called once the change is on disk. */
  change(patch: Partial<SettingsRecord>, before?: Precondition): Promise<void>
  onChange(listener: (now: Readonly<SettingsRecord>, before: Readonly<SettingsRecord>) => void): () => void
}

const KEY = Buffer.from('settings')
const FIRST: SettingsRecord = { name: '', description: '', mode: 'open', setUp: false, ebt: false }

export function createSettings({ meta }: Tables, writer: Writer): Settings {
  const stored = (): SettingsRecord => ({
    ...FIRST,
    ...(meta.get(KEY) as Partial<SettingsRecord> | undefined),
  })
  let current = stored()
  const listeners = new Set<Parameters<Settings['onChange']>[0]>()
  return {
    get: () => current,
    modeNow: () => stored().mode,
    change: (patch, before) =>
      writer.submit((afterFlush) => {
        // read inside the write, so that two changes in one batch keep each other's fields
        const previous = stored()
        const next = { ...previous, ...patch }
        meta.putSync(KEY, next)
        afterFlush(() => {
          current = next
          for (const listener of listeners) listener(next, previous)
        })
      }, before),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
