// SPDX-License-Identifier: AGPL-3.0-or-later
// All methods. A test compares them with docs/protocol.md.

import type { Clock } from '../../lib/clock.js'
import type { Log } from '../../lib/log.js'
import type { Manifest, Methods } from '../../muxrpc/registry.js'
import type { SignInBridge } from '../../room/sign-in.js'
import type { Tunnels } from '../../room/tunnels.js'
import type { AccessTable } from '../access.js'
import type { Connection } from '../connection.js'
import { basicMethods } from './basic.js'
import { type BacklogListener, historyMethods } from './create-history-stream.js'
import { type EbtMethodComponents, ebtMethods } from './ebt.js'
import { followMethods, type OfferListener } from './follow.js'
import { gossipMethods } from './gossip-ping.js'
import { httpAuthMethods } from './http-auth.js'
import { inviteMethods } from './invite.js'
import { type RoomComponents, roomMethods } from './room.js'
import { tunnelMethods } from './tunnel.js'

export interface MethodComponents extends RoomComponents, EbtMethodComponents {
  clock: Clock
  log: Log
  tunnels: Tunnels
  signIn: SignInBridge
  backlog: BacklogListener & OfferListener
  /** the methods that a caller can call */
  manifest(caller: Connection): Manifest
}

export function allMethods(access: AccessTable, components: MethodComponents): Methods<Connection> {
  return {
    ...basicMethods(access, components),
    ...gossipMethods(access, components),
    ...inviteMethods(access, components),
    ...followMethods(access, components),
    ...historyMethods(access, components),
    ...ebtMethods(components),
    ...tunnelMethods(access, components),
    ...roomMethods(access, components),
    ...httpAuthMethods(access, components),
  }
}
