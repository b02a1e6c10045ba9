// SPDX-License-Identifier: AGPL-3.0-or-later
// Backups over the control socket: `backup` opens a snapshot for its connection, `backupNext` reads it page by page.

import { RelayError } from '../lib/errors.js'
import { BACKUPS_AT_ONCE } from '../lib/limits.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Snapshot } from '../store/backup.js'
import { FORMAT } from '../store/backup-format.js'
import { SCHEMA } from '../store/layout.js'
import type { Store } from '../store/store.js'
import type { OperatorHandlers } from './methods.js'

/** The handlers of `backup` and `backupNext`. A snapshot is closed with the connection that opened it. */
export function createBackups(
  store: Store,
  id: FeedId,
  now: () => number,
): Pick<OperatorHandlers, 'backup' | 'backupNext'> {
  /** by the connection's signal, which is one object for all its calls */
  const open = new Map<AbortSignal, Snapshot>()
  return {
    async backup(_, { signal }) {
      if (open.has(signal)) throw new RelayError('busy', 'a backup is already in progress on this connection')
      if (signal.aborted || open.size >= BACKUPS_AT_ONCE) throw new RelayError('busy')
      // before the snapshot: a message published in between is in the backup, which does no harm
      const { latest } = store.feeds.info(id)
      const snapshot = store.snapshot()
      open.set(signal, snapshot)
      signal.addEventListener('abort', () => {
        snapshot.close()
        open.delete(signal)
      })
      const { messages } = store.feeds.totals()
      return { format: FORMAT, id, created: now(), schema: SCHEMA, latest, messages, bytes: store.bytes() }
    },
    async backupNext(_, { signal }) {
      const snapshot = open.get(signal)
      if (!snapshot) throw new RelayError('bad_argument', 'call backup first')
      const page = snapshot.next()
      if (page) return { page: page.toString('base64') }
      snapshot.close()
      open.delete(signal)
      await store.recordBackup()
      return { end: snapshot.end() }
    },
  }
}
