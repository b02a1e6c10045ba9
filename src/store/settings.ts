// What the operator decides while the relay runs: its name, its description, its privacy mode, and that set-up is done.

import type { Tables } from './layout.js'
import type { Precondition, Writer } from './writer.js'

export type PrivacyMode = 'open' | 'community' | 'restricted'

export const PRIVACY_MODES: readonly PrivacyMode[] = ['open', 'community', 'restricted']

export interface SettingsRecord {
  /** shown to people; empty until set-up */
  name: string
  description: string
  mode: PrivacyMode
  /** whether the first run's questions were answered */
  setUp: boolean
  /** whether members may replicate by EBT, whatever the configuration says */
  ebt: boolean
}

export interface Settings {
  /** The settings now: read at every admission and call, so it costs no disk access. */
  get(): Readonly<SettingsRecord>
  /** The mode inside a write, where a change that came just before holds already. */
  modeNow(): PrivacyMode
  /** Changes some of them; listeners hear of it once it is on disk. */
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
        // read inside the write: two changes in one batch keep each other's fields
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
