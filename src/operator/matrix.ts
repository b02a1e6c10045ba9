// SPDX-License-Identifier: AGPL-3.0-or-later
// Operator methods for the lobby on Matrix. They fail with `matrix_off` if it is disabled.

import { RelayError } from '../lib/errors.js'
import type {
  MatrixKnock,
  MatrixMember,
  MatrixMessage,
  MatrixOperator,
  MatrixRoom,
  MatrixStatus,
  SayOptions,
} from '../matrix/contract.js'
import { asObject } from '../peer/arguments.js'
import type { Call } from './call.js'

/** The status of a disabled lobby. */
export const MATRIX_DISABLED: MatrixStatus = {
  state: 'disabled',
  server_name: null,
  alias: null,
  room_id: null,
  room_version: null,
  joined: 0,
  servers: 0,
  queued: 0,
  rooms: 0,
}

/** Part of the control socket's methods. */
export const MATRIX_METHODS: Record<keyof MatrixMethods, true> = {
  matrixStatus: true,
  matrixMembers: true,
  matrixInvite: true,
  matrixAccept: true,
  matrixDecline: true,
  matrixKick: true,
  matrixBan: true,
  matrixUnban: true,
  matrixServerBan: true,
  matrixSay: true,
  matrixMessages: true,
  matrixRooms: true,
  matrixJoin: true,
  matrixLeave: true,
}

/** The methods as a client calls them. Users are Matrix user ids. */
export interface MatrixMethods {
  matrixStatus(): Promise<MatrixStatus>
  matrixMembers(): Promise<MatrixMember[]>
  matrixInvite(user: string): Promise<void>
  matrixAccept(user: string): Promise<void>
  matrixDecline(user: string): Promise<void>
  matrixKick(user: string): Promise<void>
  matrixBan(user: string): Promise<void>
  matrixUnban(user: string): Promise<void>
  matrixServerBan(glob: string): Promise<void>
  matrixSay(text: string, options?: SayOptions): Promise<{ id: string }>
  matrixMessages(options?: SayOptions): Promise<MatrixMessage[]>
  matrixRooms(): Promise<MatrixRoom[]>
  matrixJoin(room: string): Promise<{ id: string }>
  matrixLeave(room: string): Promise<void>
}

type MatrixHandlers = {
  [Name in keyof MatrixMethods]: (params: readonly unknown[], call: Call) => ReturnType<MatrixMethods[Name]>
}

/** @param matrix the lobby, or null if it is disabled */
export function matrixMethods(matrix: () => MatrixOperator | null): MatrixHandlers {
  function on(): MatrixOperator {
    const found = matrix()
    if (!found) throw new RelayError('matrix_off')
    return found
  }
  const actions = () => on().as('operator')
  const roomIn = (options: unknown): SayOptions => {
    const { room } = asObject(options ?? {})
    if (room !== undefined && room !== null && typeof room !== 'string')
      throw new RelayError('bad_argument', 'room must be text')
    return room ? { room } : {}
  }
  return {
    matrixStatus: async () => matrix()?.status() ?? MATRIX_DISABLED,
    matrixMembers: async () => on().members(),
    matrixInvite: async ([user]) => actions().invite(textOr(user, 'user')),
    matrixAccept: async ([user]) => actions().accept(textOr(user, 'user')),
    matrixDecline: async ([user]) => actions().decline(textOr(user, 'user')),
    matrixKick: async ([user]) => actions().kick(textOr(user, 'user')),
    matrixBan: async ([user]) => actions().ban(textOr(user, 'user')),
    matrixUnban: async ([user]) => actions().unban(textOr(user, 'user')),
    matrixServerBan: async ([glob]) => actions().serverBan(textOr(glob, 'glob')),
    matrixSay: async ([text, options]) => ({
      id: await actions().say(textOr(text, 'text'), roomIn(options)),
    }),
    matrixMessages: async ([options]) => on().messages(roomIn(options)),
    matrixRooms: async () => on().rooms(),
    matrixJoin: async ([room]) => ({ id: await actions().join(textOr(room, 'room')) }),
    matrixLeave: async ([room]) => actions().leave(textOr(room, 'room')),
  }
}

/** @throws RelayError `bad_argument` */
function textOr(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new RelayError('bad_argument', `${name} must be text`)
  return value
}

/** The knocks of Matrix users, for one list with those of feeds. */
export const matrixKnocks = (matrix: () => MatrixOperator | null): MatrixKnock[] => matrix()?.knocks() ?? []

/** Whether a string has the form of a Matrix user id. */
export const isMatrixUser = (id: unknown): id is string => typeof id === 'string' && /^@[^:]+:.+/.test(id)
