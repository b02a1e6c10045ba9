// The room's other methods: what it is, who its members are, its names, and the invites members make.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { DAY, MEMBERS_PAGE } from '../../lib/limits.js'
import type { Attendants } from '../../room/attendants.js'
import { isAlias, isRegistration, normalAlias } from '../../ssb/alias.js'
import { type FeedId, isFeedId } from '../../ssb/feed-id.js'
import { formatInviteCode, type HostPort } from '../../ssb/invite-code.js'
import type { PrivacyMode } from '../../store/settings.js'
import type { Store } from '../../store/store.js'
import { answering, asObject, integerField, numberField, textField } from '../arguments.js'
import { isInternal } from '../permissions.js'
import type { Session } from '../session.js'
import { pacedSource } from '../wire/paced.js'
import type { Source } from '../wire/pull.js'
import { createAttendantsStream, createEndpoints } from './presence.js'

export interface RoomComponents {
  store: Store
  attendants: Attendants<Session>
  clock: Clock
  own: FeedId
  /** the address that an invite made by a member names */
  address(listener: string): HostPort
  /** days an invite is good for where its maker does not say */
  expiresDays(): number
  /** the link of an invite, by its seed, for who came by a listener */
  inviteLink(seed: Buffer, listener: string): string
  /** the page of a name, for who came by a listener */
  aliasLink(alias: string, listener: string): string
  /** the room's name as people see it */
  name(): string
}

/** `tunnel.isRoom`, `announce`, `leave`, `ping`, `whois`: the small methods of a Rooms 1 server. */
export function createTunnelMethods({ store, attendants, clock, name }: RoomComponents) {
  const { settings, aliases, members } = store
  const endpoints = createEndpoints(attendants, clock)
  return {
    isRoom: answering(async (session) => {
      session.roomAware = true
      return { name: name(), description: settings.get().description }
    }),
    announce(session: Session): boolean {
      arrive(attendants, session)
      return true
    },
    leave(session: Session): boolean {
      session.away = true
      attendants.leave(session)
      return true
    },
    /** Asking who is here says that one is here: Rooms 1 clients may do no more than that. */
    endpoints(session: Session): Source<Buffer> {
      arrive(attendants, session)
      return endpoints(session)
    },
    ping: (): number => clock.now(),
    whois: answering(async (session, alias) => {
      const { mode } = settings.get()
      const held =
        typeof alias === 'string' && isAlias(normalAlias(alias)) ? aliases.get(normalAlias(alias)) : null
      // The owner may have left, or be hidden from this caller: all of it reads as a name that nobody has.
      const visible = mode === 'open' || (mode === 'community' && members.has(session.id))
      if (!held || !visible || !members.has(held.owner)) throw new RelayError('not_found')
      return held.owner
    }),
  }
}

const FEATURES: Record<PrivacyMode, readonly string[]> = {
  open: ['tunnel', 'room1', 'room2', 'alias', 'httpAuth', 'httpInvite'],
  community: ['tunnel', 'room2', 'alias', 'httpAuth', 'httpInvite'],
  restricted: ['tunnel', 'room2', 'httpAuth', 'httpInvite'],
}

/** `room.metadata`, `members`, `createInvite` and the aliases (Rooms 2). */
export function createRoomMethods({
  store,
  attendants,
  clock,
  own,
  address,
  expiresDays,
  inviteLink,
  aliasLink,
  name,
}: RoomComponents) {
  const { settings, invites, aliases, members, moderation } = store
  const presence = createAttendantsStream(attendants)
  return {
    attendants(session: Session): Source<Buffer> {
      session.roomAware = true
      return presence(session)
    },

    metadata: answering(async (session) => {
      session.roomAware = true
      const { mode } = settings.get()
      // A feature is named only where a client may count on all of it (Rooms 2, "Metadata").
      return { name: name(), membership: isInternal(session.row, mode), features: FEATURES[mode] }
    }),

    /** Arrays of `{id}`, as go-ssb-room streams them; read from the store as the caller takes them. */
    members(session: Session): Source<Buffer> {
      let last: FeedId | null = null
      return pacedSource(session, () => {
        const page = members.page(last, MEMBERS_PAGE)
        if (page.length === 0) return true
        last = page.at(-1) as FeedId
        return Buffer.from(JSON.stringify(page.map((id) => ({ id }))))
      })
    },

    createInvite: answering(async (session, argument) => {
      const options = asObject(argument ?? {})
      const target = options.for ?? undefined
      if (target !== undefined && !isFeedId(target)) throw new RelayError('bad_feed_id', 'for')
      const days = numberField(options, 'expires_days') ?? expiresDays()
      const asked = {
        uses: integerField(options, 'uses') ?? 1,
        note: textField(options, 'note') ?? '',
        expires: Math.trunc(clock.now() + days * DAY),
        by: session.id,
        ...(target ? { for: target as FeedId } : {}),
      }
      const { invite, seed } = await invites.create(asked, moderation.permitting(session.id, 'invite.create'))
      return {
        code: formatInviteCode({ ...address(session.link.listener), relay: own, seed }),
        link: inviteLink(seed, session.link.listener),
        expires: invite.expires,
      }
    }),

    registerAlias: answering(async (session, alias, signature) => {
      // In lower case from the first: the owner's signature is over the very name that others will check.
      if (!isAlias(alias)) {
        throw new RelayError(
          'alias_invalid',
          'small letters, digits and inner hyphens, a letter first, 63 at most; and none of the room’s own words',
        )
      }
      if (!isRegistration(own, session.id, alias, signature)) throw new RelayError('signature_invalid')
      await aliases.register(alias, session.id, signature, () => {
        if (settings.modeNow() === 'restricted') throw new RelayError('not_allowed')
      })
      return aliasLink(alias, session.link.listener)
    }),

    revokeAlias: answering(async (session, alias) => {
      if (typeof alias !== 'string') throw new RelayError('alias_invalid')
      await aliases.revoke(normalAlias(alias), session.id)
      return true
    }),

    listAliases: answering(async (session, id) => {
      if (id !== undefined && id !== null && !isFeedId(id)) throw new RelayError('bad_feed_id')
      return aliases.of((id as FeedId | undefined) ?? session.id)
    }),
  }
}

/** Takes a place in the room that `tunnel.leave` may have given up. */
function arrive(attendants: Attendants<Session>, session: Session): void {
  session.roomAware = true
  session.away = false
  attendants.enter(session)
}
