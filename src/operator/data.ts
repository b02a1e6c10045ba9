// SPDX-License-Identifier: AGPL-3.0-or-later
// The data directory: prepared, locked against a second relay, and opened, with the identity and the store in it.

import { join } from 'node:path'
import type { Keys } from 'ssb-keys'
import type { Clock } from '../lib/clock.js'
import { clearLeftovers, FEED_BEGUN, prepareDataDir, RESTORED } from '../lib/data-directory.js'
import type { Log } from '../lib/log.js'
import { type AskNetwork, createTimeTrust, type TimeTrust } from '../lib/time-trust.js'
import { createRecovery, type Recovery } from '../peer/recovery.js'
import type { FeedLimits } from '../store/feeds.js'
import { guardFeed, loadIdentity } from '../store/identity.js'
import { finishRestore } from '../store/restore.js'
import { createStore, type Store } from '../store/store.js'
import { removeStale } from './server.js'

export interface OpenData {
  keys: Keys
  trust: TimeTrust
  store: Store
  recovery: Recovery
  /** path of the control socket */
  socketPath: string
}

/**
 * Opens the data directory.
 * @param closers gets what closes each part, in the order in which the parts were opened
 * @throws RelayError `relay_running`, `data_unusable`
 */
export async function openData(
  { log, clock, network }: { log: Log; clock: Clock; network?: AskNetwork | undefined },
  { dataDir, limits }: { dataDir: string; limits: FeedLimits },
  closers: Array<() => unknown>,
): Promise<OpenData> {
  const { now } = clock
  prepareDataDir(dataDir)
  const socketPath = join(dataDir, 'control.sock')
  // before the store opens: two relays on one store would fork the relay's feed
  await removeStale(socketPath)
  clearLeftovers(dataDir, (err) => log.warn({ err }, 'cannot remove leftover files'))
  if (finishRestore(dataDir, now)) log.info('restore finished')
  const keys = loadIdentity(join(dataDir, 'secret'))

  const trust = createTimeTrust({ clock, network })
  closers.push(() => trust.close())
  const time = { now, uptime: clock.uptime, trust }
  const store = await createStore({ log, now, time }, { path: join(dataDir, 'db'), keys, ...limits })
  closers.push(() => store.close())

  const recovery = createRecovery({ store, clock, log }, { own: keys.id, mark: join(dataDir, RESTORED) })
  closers.push(() => recovery.close())
  if (recovery.pending()) await store.signIns.forgetAll()
  // an empty store is expected during a recovery, and an error otherwise
  else guardFeed(store.feeds, keys.id, join(dataDir, FEED_BEGUN))
  return { keys, trust, store, recovery, socketPath }
}
