// SPDX-License-Identifier: AGPL-3.0-or-later
// The operator's methods about other relays that feeds are kept with, and the types of their answers.

import { RelayError } from '../lib/errors.js'
import { PEERS } from '../lib/limits.js'
import { asObject, booleanField } from '../peer/arguments.js'
import type { PeerState } from '../peer/exchange/exchange.js'
import type { Peer } from '../peer/peer.js'
import { type FeedId, readFeedId } from '../ssb/feed-id.js'
import { parsePeer } from '../ssb/peer-address.js'
import type { PeerFeeds } from '../store/layout.js'
import type { Store } from '../store/store.js'

/** Another relay as the operator sees it. Times are Unix ms. */
export interface PeerInfo {
  id: string
  /** what the other relay calls itself, else the note; null without any */
  name: string | null
  /** `host:port` at which it is called; null if only it calls */
  address: string | null
  feeds: PeerFeeds
  since: number
  connected: boolean
  reason: string | null
  next: number | null
  ours: number
  theirs: number
  refused: PeerState['refused']
}

/** Methods of the control socket, as a client calls them. */
export interface PeerMethods {
  peerList(): Promise<PeerInfo[]>
  /**
   * Adds another relay, or changes it. An invite is used first.
   * @param feeds default: as before, or both for a new one
   * @param relay an invite code, a multiserver address, `host:port:@key.ed25519`, or the feed id of one that calls
   * @throws RelayError `bad_argument`, `invite_malformed`, `peer_unreachable`, `quota_reached`, `not_allowed`, and the
   * errors of `invite.use`
   */
  peerAdd(relay: string, feeds?: PeerFeeds): Promise<PeerInfo>
  /**
   * Removes a relay. With `feeds`, the feeds that it vouches for are unfollowed and their messages deleted.
   * @returns the number of feeds unfollowed
   * @throws RelayError `not_found`
   */
  peerRemove(id: string, options: { feeds: boolean }): Promise<{ feeds: number }>
  /** Whether other relays may keep a member's feed. @throws RelayError `not_following` */
  membersShare(id: string, on: boolean): Promise<void>
}

export const PEER_METHODS: Record<keyof PeerMethods, true> = {
  peerList: true,
  peerAdd: true,
  peerRemove: true,
  membersShare: true,
}

type PeerHandlers = {
  [Name in keyof PeerMethods]: (params: readonly unknown[]) => ReturnType<PeerMethods[Name]>
}

const FEEDS: readonly PeerFeeds[] = ['ours', 'theirs', 'both']
const isPeerFeeds = (value: unknown): value is PeerFeeds => FEEDS.some((feeds) => feeds === value)

export function peerMethods({
  store,
  peer,
}: {
  store: Store
  peer: Pick<Peer, 'id' | 'exchange'>
}): PeerHandlers {
  const { members, peers } = store
  const actions = store.moderation.as('operator')

  const info = (nameOf: (id: string) => string | null) => {
    return ({ peer: id, address, ...state }: PeerState): PeerInfo => ({
      id,
      name: nameOf(id),
      address: address && `${address.host}:${address.port}`,
      ...state,
    })
  }
  const list = (): PeerInfo[] => peer.exchange.states().map(info(store.names.reader()))

  return {
    peerList: async () => list(),
    async peerAdd([relay, asked]) {
      if (typeof relay !== 'string') throw new RelayError('bad_argument', 'the relay must be text')
      if (asked !== undefined && asked !== null && !isPeerFeeds(asked))
        throw new RelayError('bad_argument', `feeds must be one of ${FEEDS.join(', ')}`)
      const named = parsePeer(relay)
      const { peer: id, invite } = named
      if (id === peer.id) throw new RelayError('not_allowed', 'that is this relay')
      if (members.isBlocked(id)) throw new RelayError('not_allowed', `${id} is blocked`)
      // before the invite is used up
      if (!peers.has(id) && peers.list().length >= PEERS)
        throw new RelayError('quota_reached', `at most ${PEERS} relays`, { limit: 'peers' })
      if (invite) await peer.exchange.redeem(invite)
      // a feed id alone keeps the address that is known
      const held = peers.get(id)
      const address = named.address ?? held?.address ?? null
      await actions.putPeer(id, { address, feeds: isPeerFeeds(asked) ? asked : (held?.feeds ?? 'both') })
      const added = list().find((each) => each.id === id)
      if (!added) throw new RelayError('not_found')
      return added
    },
    async peerRemove([id, asked]) {
      const other = feedOr(id)
      const all = booleanField(asObject(asked ?? {}), 'feeds', false)
      const kept = all ? members.vouchedBy(other) : []
      // a relay that was removed can still have feeds here
      if (!peers.has(other) && kept.length === 0) throw new RelayError('not_found')
      // one write each, so that other work is not held up; the relay last, so that a stop in between can be continued
      for (const feed of kept) await members.unfollow(feed).catch(ignoreGone)
      if (peers.has(other)) await actions.removePeer(other)
      return { feeds: kept.length }
    },
    membersShare: async ([id, on]) => actions.share(feedOr(id), on === true),
  }
}

/** A feed id that the operator gave, in any of its forms. @throws RelayError `bad_feed_id` */
export function feedOr(value: unknown): FeedId {
  const id = readFeedId(value)
  if (!id) throw new RelayError('bad_feed_id', 'a feed id looks like @….ed25519 or ssb:feed/ed25519/…')
  return id
}

/** Removed by another in the meantime. */
function ignoreGone(err: unknown): void {
  if (!(err instanceof RelayError) || err.code !== 'not_following') throw err
}
