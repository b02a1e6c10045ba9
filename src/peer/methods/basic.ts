// SPDX-License-Identifier: AGPL-3.0-or-later
// manifest, whoami: methods for every caller.

import type { Manifest, Methods } from '../../muxrpc/registry.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { AccessTable } from '../access.js'
import type { Connection } from '../connection.js'

/** @param manifest the methods that a caller can call */
export function basicMethods(
  { everyone }: AccessTable,
  { own, manifest }: { own: FeedId; manifest(caller: Connection): Manifest },
): Methods<Connection> {
  return {
    manifest: { type: 'sync', access: everyone, call: manifest },
    whoami: { type: 'sync', access: everyone, call: () => ({ id: own }) },
  }
}
