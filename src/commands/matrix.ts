// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool matrix: manages the lobby on Matrix, and rooms of other servers.

import type { Command } from 'commander'
import type { Operator } from '../operator/protocol.js'
import { type CommonOptions, type Example, visit, withDataAndJson, withExamples } from './options.js'
import { facts, print, printJson, table, timeCell } from './output.js'
import type { Advice } from './report.js'

interface RoomOptions extends CommonOptions {
  room?: string
}

const ADVICE: Advice = {
  matrix_off: 'set matrix.enabled = true and restart the relay; see docs/matrix.md',
  matrix_unreachable: 'check the name and whether that server is up; log.level = debug tells more',
}

/** Adds subcommands, help and actions to the empty command `matrix`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool matrix status', 'show the lobby and its alias'],
    ['tidepool matrix invite @ana:example.org', 'invite a Matrix user to the lobby'],
    ["tidepool matrix say 'Hello'", 'send a message to the lobby'],
    ["tidepool matrix join '#room:example.org'", 'join a room of another server'],
  ])
  defineStatus(command)
  defineMembers(command)
  for (const action of USER_ACTIONS) defineUserAction(command, action)
  defineServerBan(command)
  defineSay(command)
  defineMessages(command)
  defineRooms(command)
  defineJoin(command)
  defineLeave(command)
}

function defineStatus(matrix: Command): void {
  const command = subcommand(matrix, 'status', 'show the lobby', ['tidepool matrix status', 'show the lobby'])
  command.action((options: CommonOptions) =>
    show(
      options,
      (operator) => operator.matrixStatus(),
      (status) =>
        facts(Object.entries(status).map(([name, value]) => [name.replaceAll('_', ' '), value ?? '-'])),
    ),
  )
}

function defineMembers(matrix: Command): void {
  const description = 'list users of the lobby: joined, invited, knocking or banned'
  const command = subcommand(matrix, 'members', description, ['tidepool matrix members', 'list the users'])
  command.action((options: CommonOptions) => show(options, listMembers, membersTable))
}

function defineServerBan(matrix: Command): void {
  const command = subcommand(matrix, 'server-ban', 'ban servers from the lobby', [
    "tidepool matrix server-ban '*.example.org'",
    'ban all servers of a domain',
  ])
  command
    .argument('<glob>', 'a server name; * stands for any characters')
    .action((glob: string, options: CommonOptions) =>
      show(
        options,
        async (operator) => {
          await operator.matrixServerBan(glob)
          return { glob }
        },
        () => `Banned servers named ${glob} from the lobby.`,
      ),
    )
}

function defineSay(matrix: Command): void {
  const command = subcommand(matrix, 'say', 'send a message as the relay', [
    "tidepool matrix say 'Hello'",
    'send a message to the lobby',
  ])
  withRoom(command)
    .argument('<text>', 'the message')
    .action((text: string, { room, ...options }: RoomOptions) =>
      show(
        options,
        (operator) => operator.matrixSay(text, room === undefined ? {} : { room }),
        () => 'Message sent.',
      ),
    )
}

function defineMessages(matrix: Command): void {
  const command = subcommand(matrix, 'messages', 'show the latest messages', [
    'tidepool matrix messages',
    'show the messages of the lobby',
  ])
  withRoom(command).action(({ room, ...options }: RoomOptions) =>
    show(
      options,
      (operator) => operator.matrixMessages(room === undefined ? {} : { room }),
      (messages) =>
        messages.length === 0
          ? 'No messages yet.'
          : table(
              ['AT', 'SENDER', 'TEXT'],
              messages.map(({ at, sender, text }) => [timeCell(at), sender, text]),
            ),
    ),
  )
}

function defineRooms(matrix: Command): void {
  const description = "list the relay's rooms and its invites"
  const command = subcommand(matrix, 'rooms', description, ['tidepool matrix rooms', 'list the rooms'])
  command.action((options: CommonOptions) =>
    show(
      options,
      (operator) => operator.matrixRooms(),
      (rooms) =>
        table(
          ['ID', 'KIND', { title: 'VERSION', optional: true }, 'JOINED', 'NAME', 'INVITED BY'],
          rooms.map(({ id, kind, version, joined, name, from }) => [
            id,
            kind,
            version,
            joined,
            name,
            from ?? '',
          ]),
        ),
    ),
  )
}

function defineJoin(matrix: Command): void {
  const command = subcommand(matrix, 'join', 'join a room of another server, or accept an invite', [
    "tidepool matrix join '#room:example.org'",
    'join a room',
  ])
  command
    .argument('<room>', 'an alias, #name:server, or a room id')
    .action((room: string, options: CommonOptions) =>
      show(
        options,
        (operator) => operator.matrixJoin(room),
        ({ id }) => `Joined ${id}.`,
      ),
    )
}

function defineLeave(matrix: Command): void {
  const command = subcommand(matrix, 'leave', 'leave a room, or decline an invite', [
    "tidepool matrix leave '#room:example.org'",
    'leave a room',
  ])
  command.argument('<room>', 'an alias or a room id').action((room: string, options: CommonOptions) =>
    show(
      options,
      async (operator) => {
        await operator.matrixLeave(room)
        return { room }
      },
      () => `Left ${room}.`,
    ),
  )
}

interface UserAction {
  name: string
  description: string
  /** what is true of the user afterwards */
  result: string
  run(operator: Operator, user: string): Promise<void>
}

const USER_ACTIONS: readonly UserAction[] = [
  {
    name: 'invite',
    description: 'invite a Matrix user to the lobby',
    result: 'is invited',
    run: (operator, user) => operator.matrixInvite(user),
  },
  {
    name: 'accept',
    description: 'accept the knock of a Matrix user',
    result: 'is invited',
    run: (operator, user) => operator.matrixAccept(user),
  },
  {
    name: 'decline',
    description: 'decline the knock of a Matrix user',
    result: 'is declined',
    run: (operator, user) => operator.matrixDecline(user),
  },
  {
    name: 'kick',
    description: 'remove a user, or withdraw an invite',
    result: 'is removed',
    run: (operator, user) => operator.matrixKick(user),
  },
  {
    name: 'ban',
    description: 'ban a user',
    result: 'is banned',
    run: (operator, user) => operator.matrixBan(user),
  },
  {
    name: 'unban',
    description: 'lift a ban',
    result: 'is no longer banned',
    run: (operator, user) => operator.matrixUnban(user),
  },
]

function defineUserAction(matrix: Command, { name, description, result, run }: UserAction): void {
  const command = subcommand(matrix, name, description, [
    `tidepool matrix ${name} @ana:example.org`,
    description,
  ])
  command.argument('<mxid>', 'a Matrix user, @name:server').action((user: string, options: CommonOptions) =>
    show(
      options,
      async (operator) => {
        await run(operator, user)
        return { id: user }
      },
      () => `${user} ${result}.`,
    ),
  )
}

function subcommand(matrix: Command, name: string, description: string, example: Example): Command {
  return withExamples(withDataAndJson(matrix.command(name).description(description)), [example])
}

function withRoom(command: Command): Command {
  return command.option('--room <room>', 'alias or id of a room (default: the lobby)')
}

/** Calls the relay and prints the answer as JSON or as text. */
function show<T>(
  options: CommonOptions,
  call: (operator: Operator) => Promise<T>,
  format: (answer: T) => string,
): Promise<void> {
  return visit(
    options,
    async (operator) => {
      const answer = await call(operator)
      if (options.json) printJson(answer)
      else print(format(answer))
    },
    ADVICE,
  )
}

/** Users of the lobby, and those who asked on the web for an invite. */
async function listMembers(operator: Operator) {
  const members = await operator.matrixMembers()
  const knocking = new Set(members.filter(({ membership }) => membership === 'knock').map(({ id }) => id))
  const asking = (await operator.knocksList()).filter(({ id }) => /^@[^:]+:/.test(id) && !knocking.has(id))
  return [
    ...members,
    ...asking.map(({ id, since }) => ({ id, name: '', membership: 'asks for an invite', since })),
  ]
}

function membersTable(members: Awaited<ReturnType<typeof listMembers>>): string {
  return table(
    ['USER', 'NAME', 'MEMBERSHIP', 'SINCE'],
    members.map(({ id, name, membership, since }) => [id, name, membership, timeCell(since)]),
  )
}
