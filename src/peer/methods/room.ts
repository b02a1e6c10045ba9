// SPDX-License-Identifier: AGPL-3.0-or-later
// room.*: metadata, attendants, members, invites and aliases (Rooms 2).

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { DAY, MEMBERS_PAGE } from '../../lib/limits.js'
import { sendPaced } from '../../muxrpc/paced-source.js'
import type { Methods } from '../../muxrpc/registry.js'
import type { RpcStream } from '../../muxrpc/stream.js'
import type { Attendants } from '../../room/attendants.js'
import { isAlias, isRegistration, normalAlias } from '../../ssb/alias.js'
import { type FeedId, isFeedId } from '../../ssb/feed-id.js'
import { formatInviteCode, type HostPort } from '../../ssb/invite-code.js'
import type { PrivacyMode } from '../../store/settings.js'
import type { Store } from '../../store/store.js'
import { type AccessTable, isInternal } from '../access.js'
import { asObject, integerField, numberField, textField } from '../arguments.js'
import type { Connection } from '../connection.js'
import { createAttendantsStream } from './presence.js'

export interface RoomComponents {
  store: Store
  attendants: Attendants<Connection>
  clock: Clock
  own: FeedId
  /** the address in an invite code, for a caller of the named listener */
  address(listener: string): HostPort
  /** days until an invite expires, by default */
  expiresDays(): number
  /** the link of an invite, for a caller of the named listener */
  inviteLink(seed: Buffer, listener: string): string
  /** the link to an alias's page, for a caller of the named listener */
  aliasLink(alias: string, listener: string): string
  /** the room's display name */
  name(): string
}

const FEATURES: Record<PrivacyMode, readonly string[]> = {
  open: ['tunnel', 'room1', 'room2', 'alias', 'httpAuth', 'httpInvite'],
  community: ['tunnel', 'room2', 'alias', 'httpAuth', 'httpInvite'],
  restricted: ['tunnel', 'room2', 'httpAuth', 'httpInvite'],
}

/** `room.metadata`, `attendants`, `members`, `createInvite` and the aliases (Rooms 2). */
export function roomMethods(
  { users, internalUsers, members: followed, inviters, aliasOwners }: AccessTable,
  components: RoomComponents,
): Methods<Connection> {
  const { store, attendants, clock, own, address, expiresDays, inviteLink, aliasLink, name } = components
  const { settings, invites, aliases, members, moderation } = store
  const presence = createAttendantsStream(attendants)

  function metadata(caller: Connection): unknown {
    caller.roomAware = true
    const { mode } = settings.get()
    // only features that are supported completely (Rooms 2, "Metadata")
    return { name: name(), membership: isInternal(caller.callerClass, mode), features: FEATURES[mode] }
  }

  function openAttendants(caller: Connection, stream: RpcStream): void {
    caller.roomAware = true
    presence(caller, stream)
  }

  /** Streams arrays of `{id}`, as go-ssb-room does; reads from the store with back-pressure. */
  function openMembers(_: Connection, stream: RpcStream): void {
    let last: FeedId | null = null
    sendPaced(stream, () => {
      const page = members.page(last, MEMBERS_PAGE)
      if (page.length === 0) return true
      last = page.at(-1) as FeedId
      return Buffer.from(JSON.stringify(page.map((id) => ({ id }))))
    })
  }

  async function createInvite({ id, listener }: Connection, argument: unknown): Promise<unknown> {
    const options = asObject(argument ?? {})
    const target = options.for ?? undefined
    if (target !== undefined && !isFeedId(target)) throw new RelayError('bad_feed_id', 'for')
    const days = numberField(options, 'expires_days') ?? expiresDays()
    const asked = {
      uses: integerField(options, 'uses') ?? 1,
      note: textField(options, 'note') ?? '',
      expires: Math.trunc(clock.now() + days * DAY),
      by: id,
      ...(target ? { for: target as FeedId } : {}),
    }
    const { invite, seed } = await invites.create(asked, moderation.permitting(id, 'invite.create'))
    return {
      code: formatInviteCode({ ...address(listener), relay: own, seed }),
      link: inviteLink(seed, listener),
      expires: invite.expires,
    }
  }

  async function registerAlias(caller: Connection, alias: unknown, signature: unknown): Promise<string> {
    // not converted to lower case: the owner's signature is over this text
    if (!isAlias(alias)) {
      throw new RelayError(
        'alias_invalid',
        'use up to 63 lower-case letters, digits and hyphens, a letter first; path and role names are reserved',
      )
    }
    if (!isRegistration(own, caller.id, alias, signature)) throw new RelayError('signature_invalid')
    await aliases.register(alias, caller.id, signature as string, () => {
      if (settings.modeNow() === 'restricted') throw new RelayError('not_allowed')
    })
    return aliasLink(alias, caller.listener)
  }

  async function revokeAlias({ id }: Connection, alias: unknown): Promise<boolean> {
    if (typeof alias !== 'string') throw new RelayError('alias_invalid')
    await aliases.revoke(normalAlias(alias), id)
    return true
  }

  function listAliases(caller: Connection, id: unknown): unknown {
    if (id !== undefined && id !== null && !isFeedId(id)) throw new RelayError('bad_feed_id')
    return aliases.of((id as FeedId | undefined) ?? caller.id)
  }

  return {
    'room.metadata': { type: 'async', access: users, call: metadata },
    'room.attendants': { type: 'source', access: internalUsers, open: openAttendants },
    'room.members': { type: 'source', access: followed, open: openMembers },
    'room.createInvite': { type: 'async', access: inviters, call: createInvite },
    'room.registerAlias': { type: 'async', access: aliasOwners, call: registerAlias },
    'room.revokeAlias': { type: 'async', access: aliasOwners, call: revokeAlias },
    'room.listAliases': { type: 'async', access: aliasOwners, call: listAliases },
  }
}
