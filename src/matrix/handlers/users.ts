// SPDX-License-Identifier: AGPL-3.0-or-later
// Routes for the server itself, its users, and invites to them.

import { absent, badJson, forbidden, MatrixError } from '../errors.js'
import { countersign } from '../event.js'
import type { Asked, Route } from '../http-server.js'
import { serverKeys } from '../identity.js'
import { domainOf, isUserId, parseServerName } from '../ids.js'
import type { Incoming } from '../incoming.js'
import { isObject, type Json } from '../json.js'
import { roomVersion } from '../room-version.js'
import type { SigningKey } from '../signing.js'

export interface UserParts {
  server: string
  key: SigningKey
  incoming: Incoming
  version: string
  now(): number
  /** what `.well-known` names, or null where it names nothing */
  delegate(): string | null
  /** the display name of a user of ours; null for one that does not exist */
  nameOf(user: string): string | null
  /** Keeps an invite to one of our users, which waits for a moderator. @throws MatrixError */
  invited(invite: {
    roomId: string
    user: string
    sender: string
    version: string
    event: Json
    state: Json[]
    origin: string
  }): Promise<void>
}

const V1 = '/_matrix/federation/v1'

export function users(parts: UserParts): Route[] {
  const { server, key, now, nameOf } = parts

  function known(user: string | null | undefined): string {
    if (!isUserId(user) || domainOf(user) !== server || nameOf(user) === null) throw absent()
    return user
  }

  async function invite(
    { origin, params: [roomId = '', id = ''], body }: Asked,
    old: boolean,
  ): Promise<unknown> {
    const raw = old ? body : body.event
    const content = isObject(body.unsigned) ? body.unsigned.invite_room_state : undefined
    const state = old ? content : body.invite_room_state
    const version = roomVersion(old ? '10' : body.room_version)
    if (!version)
      throw new MatrixError(400, 'M_INCOMPATIBLE_ROOM_VERSION', 'Unknown room version', {
        room_version: String(body.room_version),
      })
    const event = await parts.incoming.check(raw, version, roomId)
    if (event.id !== id) throw badJson('The event has another id')
    if (domainOf(event.sender) !== origin) throw forbidden('The sender is of another server')
    if (event.type !== 'm.room.member' || event.content.membership !== 'invite')
      throw badJson('This is no invite')
    const user = known(event.stateKey)
    await parts.invited({
      ...{ roomId, user, origin, sender: event.sender, version: version.id, event: event.pdu },
      state: Array.isArray(state) ? state.slice(0, 20) : [],
    })
    return { event: countersign(event.pdu, version, server, key) }
  }

  return [
    { method: 'GET', path: '/_matrix/key/v2/server', open: true, run: () => serverKeys(server, key, now()) },
    {
      method: 'GET',
      path: '/_matrix/key/v2/server/*',
      open: true,
      run: () => serverKeys(server, key, now()),
    },
    {
      method: 'GET',
      path: '/.well-known/matrix/server',
      open: true,
      run() {
        const delegate = parts.delegate()
        if (delegate === null || parseServerName(server)?.port !== null) throw absent()
        return { 'm.server': delegate }
      },
    },
    {
      method: 'GET',
      path: `${V1}/version`,
      open: true,
      run: () => ({ server: { name: 'Tidepool', version: parts.version } }),
    },
    {
      method: 'GET',
      path: `${V1}/openid/userinfo`,
      open: true,
      run() {
        throw new MatrixError(401, 'M_UNKNOWN_TOKEN', 'Access token unknown or expired')
      },
    },
    {
      method: 'GET',
      path: `${V1}/query/profile`,
      run({ query }) {
        const name = nameOf(known(query.get('user_id')))
        const field = query.get('field')
        return field === null || field === 'displayname' ? { displayname: name } : {}
      },
    },
    {
      method: 'GET',
      path: `${V1}/user/devices/*`,
      run: ({ params: [user] }) => ({ user_id: known(user), stream_id: 1, devices: [] }),
    },
    { method: 'POST', path: `${V1}/user/keys/query`, run: () => ({ device_keys: {} }) },
    { method: 'POST', path: `${V1}/user/keys/claim`, run: () => ({ one_time_keys: {} }) },
    { method: 'PUT', path: `${V1}/invite/*/*`, run: async (asked) => [200, await invite(asked, true)] },
    { method: 'PUT', path: '/_matrix/federation/v2/invite/*/*', run: (asked) => invite(asked, false) },
  ]
}
