// SPDX-License-Identifier: AGPL-3.0-or-later
// Matrix users and their way into the SSB room: welcome, `!help`, `!invite`, and the direct room for the invite link.

import type { Clock } from '../lib/clock.js'
import type { Counters } from '../lib/counters.js'
import { DAY, HOUR, NOTE_CHARS, SECOND } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import {
  MATRIX_COMMANDS_PER_HOUR,
  MATRIX_GUESTS,
  MATRIX_INVITES_PER_DAY,
  MATRIX_WELCOME_MS,
  MATRIX_WELCOMES_PER_HOUR,
} from '../lib/matrix-limits.js'
import { TokenBucket } from '../lib/token-bucket.js'
import type { MatrixGuestRecord, MatrixStore } from '../store/matrix.js'
import type { Settings } from '../store/settings.js'
import type { MatrixComponents, MatrixKnock } from './contract.js'
import type { RoomEvent } from './event.js'
import type { Inviter } from './inviting.js'
import type { Lobby } from './lobby.js'
import { createRateLimit } from './rate-limits.js'
import type { RoomData } from './room-data.js'
import type { Placed, RoomGraph } from './room-graph.js'

export interface GuestComponents extends Pick<MatrixComponents, 'name' | 'frontPage' | 'mintInvite'> {
  matrix: MatrixStore
  data: RoomData
  graph: RoomGraph
  lobby: Lobby
  inviter: Inviter
  settings: Settings
  clock: Clock
  log: Log
  counters: Counters
}

export interface Guests {
  /** Users whose request for an invite is unanswered. */
  asking(): MatrixKnock[]
  isAsking(user: string): boolean
  /** Grants a request and sends the invite. */
  grant(user: string): Promise<void>
  /** Removes a request. */
  forgetNow(user: string): void
  /** Notes that a moderator or the operator has invited the user. */
  sponsorNow(user: string): void
  /** Removes expired requests. */
  sweep(): Promise<void>
  close(): void
}

export interface GuestOptions {
  relay: string
  expiresDays(): number
  invitesPerHour: number
}

export function createGuests(
  components: GuestComponents,
  { relay, expiresDays, invitesPerHour }: GuestOptions,
): Guests {
  const { matrix, data, graph, lobby, inviter, settings, clock, log, counters } = components
  const { name, frontPage, mintInvite } = components
  const timers = new Set<() => void>()
  const welcomes = new TokenBucket(MATRIX_WELCOMES_PER_HOUR, clock.now)
  const budget = new TokenBucket(invitesPerHour, clock.now)
  const commands = createRateLimit(
    { burst: MATRIX_COMMANDS_PER_HOUR, perSecond: MATRIX_COMMANDS_PER_HOUR / (HOUR / SECOND) },
    clock.uptime,
  )

  const recordOf = (user: string): MatrixGuestRecord => matrix.guest(user) ?? { since: clock.now() }
  const putNow = (user: string, patch: Partial<MatrixGuestRecord>): void =>
    matrix.putGuestNow(user, { ...recordOf(user), ...patch }, MATRIX_GUESTS)
  const expiry = (): number => expiresDays() * DAY

  const notice = (roomId: string, body: string): Promise<RoomEvent> =>
    graph.write((afterFlush) =>
      graph.sayNow(
        roomId,
        { sender: relay, type: 'm.room.message', content: { msgtype: 'm.notice', body } },
        afterFlush,
      ),
    )

  const membership = (roomId: string, user: string): string => {
    const view = data.view(roomId)
    return (view && data.members(view).get(user)?.membership) ?? 'leave'
  }

  const help = (): string =>
    [
      `This is the lobby of ${name()}, a room on Secure Scuttlebutt. More about it: ${frontPage()}`,
      '!invite – get an invite to the room, in a direct message',
      '!help – this text',
    ].join('\n')

  async function welcome(user: string): Promise<void> {
    if (recordOf(user).welcomed) return
    if (!welcomes.take()) return counters.reached('matrix_welcomes')
    await matrix.write(() => putNow(user, { welcomed: true }))
    await notice(
      lobby.id(),
      `Welcome, ${user}. This is the lobby of ${name()}, a room on Secure Scuttlebutt: ${frontPage()} – write !help for what can be done here.`,
    )
  }

  /** Waits: the user's server may still process the join and would reject a message of the room. */
  async function later(user: string): Promise<void> {
    if (recordOf(user).welcomed) return
    const cancel = clock.after(MATRIX_WELCOME_MS, () => {
      timers.delete(cancel)
      if (membership(lobby.id(), user) !== 'join') return
      welcome(user).catch((err) => log.info({ err, user }, 'matrix welcome failed'))
    })
    timers.add(cancel)
  }

  /** The direct room with a user; creates it, or invites the user again, where needed. */
  async function directWith(user: string): Promise<string> {
    const held = recordOf(user).direct
    if (held !== undefined && ['join', 'invite'].includes(membership(held, user))) return held
    const roomId =
      held !== undefined && data.view(held)
        ? held
        : await graph.write((afterFlush) => {
            const id = lobby.beginDirectNow(user, afterFlush)
            putNow(user, { direct: id })
            return id
          })
    await inviter.invite(roomId, relay, user, { is_direct: true })
    return roomId
  }

  /** Sends a granted invite once the user has joined the direct room. */
  async function handOver(user: string): Promise<void> {
    const { direct, granted, given = [] } = recordOf(user)
    if (!granted || direct === undefined || membership(direct, user) !== 'join') return
    await matrix.write(() => {
      const { asked: _, granted: __, ...rest } = recordOf(user)
      matrix.putGuestNow(
        user,
        { ...rest, given: [...given, clock.now()].slice(-MATRIX_INVITES_PER_DAY) },
        MATRIX_GUESTS,
      )
    })
    const { link } = await mintInvite(`Matrix: ${user}`.slice(0, NOTE_CHARS))
    await notice(direct, `Your invite to ${name()}, good for one person: ${link}`)
  }

  async function grant(user: string): Promise<void> {
    await matrix.write(() => putNow(user, { granted: true }))
    await directWith(user)
    await handOver(user)
  }

  async function invite(user: string, roomId: string): Promise<void> {
    const { given = [], asked } = recordOf(user)
    if (given.filter((at) => at > clock.now() - DAY).length >= MATRIX_INVITES_PER_DAY) {
      counters.reached('matrix_invites_per_user')
      await notice(roomId, 'That is enough invites for today. Try again tomorrow.')
      return
    }
    const { mode } = settings.get()
    if (mode === 'restricted' && !recordOf(user).sponsored) {
      await notice(roomId, 'Ask a moderator of the room for an invite.')
      return
    }
    if (mode === 'community') {
      if (asked === undefined) await matrix.write(() => putNow(user, { asked: clock.now() }))
      await notice(roomId, 'Your request waits for an answer by the members. You will get a direct message.')
      return
    }
    if (mode === 'open' && !budget.take()) {
      counters.reached('matrix_invites')
      await notice(roomId, 'There are no invites left for now. Try again later.')
      return
    }
    await grant(user)
    if (roomId !== recordOf(user).direct) await notice(roomId, 'I have sent you a direct message.')
  }

  async function hear({ roomId, event, kind }: Placed): Promise<void> {
    const { sender, content } = event
    if (event.type === 'm.room.member' && content.membership === 'join' && event.stateKey === sender) {
      if (kind === 'lobby') return later(sender)
      return handOver(sender)
    }
    // notices come from programs: answering them could loop between two bots
    if (event.type !== 'm.room.message' || content.msgtype !== 'm.text' || typeof content.body !== 'string')
      return
    const command = /^!(help|invite)$/i.exec(content.body.trim())?.[1]?.toLowerCase()
    if (!command) return
    if (!commands.take(sender)) return counters.reached('matrix_commands_per_user')
    if (command === 'help') await notice(roomId, help())
    else await invite(sender, roomId)
  }

  const stop = graph.onPlaced((placed) => {
    const { kind, ours, roomId, event } = placed
    if (ours || kind === 'joined') return
    if (kind === 'direct' && data.view(roomId)?.record.user !== event.sender) return
    hear(placed).catch((err) => log.info({ err, user: event.sender }, 'matrix answer failed'))
  })

  return {
    asking: () =>
      matrix
        .guests()
        .filter(({ asked, granted }) => asked !== undefined && !granted && asked + expiry() > clock.now())
        .map(({ user, asked = 0 }) => ({
          id: user,
          note: 'asks for an invite',
          since: asked,
          expires: asked + expiry(),
        })),
    isAsking: (user) => {
      const { asked, granted } = recordOf(user)
      return asked !== undefined && !granted && asked + expiry() > clock.now()
    },
    grant,
    forgetNow(user) {
      const { asked: _, granted: __, ...rest } = recordOf(user)
      matrix.putGuestNow(user, rest, MATRIX_GUESTS)
    },
    sponsorNow: (user) => putNow(user, { sponsored: true }),
    sweep: () =>
      matrix.write(() => {
        for (const { user, asked, granted, ...rest } of matrix.guests())
          if (asked !== undefined && asked + expiry() <= clock.now())
            matrix.putGuestNow(user, rest, MATRIX_GUESTS)
      }),
    close() {
      stop()
      for (const cancel of timers) cancel()
    },
  }
}
