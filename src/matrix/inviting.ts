// SPDX-License-Identifier: AGPL-3.0-or-later
// Invites to users of other servers. The invited server signs the event before it is placed in the room.

import type { Precondition } from '../store/writer.js'
import { authorise } from './auth-rules.js'
import { apiPath, type FederationClient, RemoteRefusal } from './client.js'
import { badJson, NotAuthorised } from './errors.js'
import { buildEvent, type Pdu, toKnown } from './event.js'
import { domainOf } from './ids.js'
import { isObject } from './json.js'
import type { RoomData } from './room-data.js'
import type { RoomGraph, Saying } from './room-graph.js'
import type { SigningKey } from './signing.js'
import { strippedState } from './stripped-state.js'

export interface Inviter {
  /**
   * Invites a user of another server.
   * @param content beside the membership, such as `is_direct`
   * @throws RemoteRefusal, NotAuthorised
   */
  invite(
    roomId: string,
    sender: string,
    user: string,
    content?: { is_direct?: boolean },
    before?: Precondition,
  ): Promise<void>
}

export function createInviter(
  {
    client,
    data,
    graph,
    key,
  }: { client: FederationClient; data: RoomData; graph: RoomGraph; key: SigningKey },
  server: string,
): Inviter {
  return {
    async invite(roomId, sender, user, content = {}, before) {
      const view = data.view(roomId)
      if (!view) throw badJson('no such room')
      const saying: Saying = {
        sender,
        type: 'm.room.member',
        stateKey: user,
        content: { membership: 'invite', ...content },
      }
      const event = buildEvent(graph.draft(view, saying), view.version, server, key)
      authorise(event, view.state, view.version)
      const home = domainOf(user)
      const answer = await client.request(home, 'PUT', apiPath('v2', 'invite', roomId, event.id), {
        content: {
          event: event.pdu,
          room_version: view.version.id,
          invite_room_state: strippedState(view, sender),
        },
      })
      const theirs =
        isObject(answer.event) && isObject(answer.event.signatures)
          ? answer.event.signatures[home]
          : undefined
      if (!isObject(theirs)) throw new RemoteRefusal(home, 200, '', 'the invite was not signed')
      const signatures = { ...event.pdu.signatures, [home]: theirs }
      const signed = toKnown({ ...event.pdu, signatures } as Pdu, event.id, roomId)
      await graph.write((afterFlush) => {
        const outcome = graph.placeNow(roomId, signed, home, afterFlush)
        if (outcome.is !== 'accepted')
          throw new NotAuthorised('the room changed meanwhile; the invite was not placed')
      }, before)
    },
  }
}
