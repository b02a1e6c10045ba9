// SPDX-License-Identifier: AGPL-3.0-or-later
// A real store in a temporary directory, closed with its test.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import { MIB } from '../../src/lib/limits.js'
import { createLog } from '../../src/lib/log.js'
import type { Role } from '../../src/store/roles.js'
import { createStore, type Store } from '../../src/store/store.js'
import { createTestClock, type TestClock } from './clock.js'

/** A feed id that was not used before. */
export const someone = (): string => ssbKeys.generate().id

/** Makes a feed a member with a role. */
export async function addMember(store: Store, role: Role = 'member'): Promise<string> {
  const id = someone()
  await store.members.follow(id, { by: 'operator', voucher: null, note: '' })
  await store.roles.set(id, role)
  return id
}

/** A clock that is not confirmed. */
export const UNTRUSTED = { by: () => null, onTrusted: () => () => {} }

export const silentLog = createLog('silent')

interface Teardown {
  teardown(fn: () => unknown): void
}

export interface TestStore {
  store: Store
  keys: Keys
  clock: TestClock
  path: string
  /** closes it and opens it again over the same files */
  reopen(): Promise<Store>
}

/** A temporary directory with a short name: the path of a unix socket in it has at most 107 bytes. */
export function temporaryDir(t: Teardown): string {
  const dir = mkdtempSync(join(tmpdir(), 'tp-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export async function openTestStore(
  t: Teardown,
  limits: { maxBytes?: number; maxFeedBytes?: number } = {},
): Promise<TestStore> {
  const path = temporaryDir(t)
  const keys = ssbKeys.generate()
  const clock = createTestClock()
  const open = (): Promise<Store> =>
    createStore(
      { log: silentLog, now: clock.now },
      {
        path,
        keys,
        maxBytes: limits.maxBytes ?? 1024 * MIB,
        maxFeedBytes: limits.maxFeedBytes ?? 1024 * MIB,
      },
    )
  const opened: TestStore = {
    store: await open(),
    keys,
    clock,
    path,
    async reopen() {
      await opened.store.close()
      opened.store = await open()
      return opened.store
    },
  }
  t.teardown(() => opened.store.close())
  return opened
}
