// tidepool matrix: the lobby on Matrix, its members and messages, and rooms of other servers.

import type { Command } from 'commander'
import type { Operator } from '../operator/protocol.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { facts, moment, print, printJson, table } from './output.js'
import type { Advice } from './report.js'

interface RoomOptions extends CommonOptions {
  room?: string
}

const ADVICE: Advice = {
  matrix_off: 'turn it on with matrix.enabled = true, then start the relay again (docs/matrix.md)',
  matrix_unreachable: 'check the server name and that the server is up; see the log at level debug',
}

/** Turns the empty command into `matrix`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool matrix status', 'the lobby, its alias, and how many are in it'],
    ['tidepool matrix invite @ana:example.org', 'invite a Matrix user to the lobby'],
    ['tidepool matrix accept @ana:example.org', 'answer a knock; decline refuses it'],
    ["tidepool matrix say 'Hello'", 'speak in the lobby as the relay'],
    ['tidepool matrix messages', 'the latest messages'],
    ["tidepool matrix join '#room:example.org'", 'join a room of another server'],
    ["tidepool matrix server-ban '*.example.org'", 'keep servers out of the lobby'],
  ])
  withDataAndJson(command.command('status').description('show the lobby')).action((options: CommonOptions) =>
    show(
      options,
      (operator) => operator.matrixStatus(),
      (status) =>
        facts(Object.entries(status).map(([name, value]) => [name.replaceAll('_', ' '), value ?? '-'])),
    ),
  )
  withDataAndJson(
    command.command('members').description('list users who are in the lobby, invited, knocking or banned'),
  ).action((options: CommonOptions) => show(options, listMembers, membersTable))
  for (const [name, about, done, run] of ON_USERS)
    withDataAndJson(command.command(name).description(about))
      .argument('<mxid>', 'a Matrix user, @name:server')
      .action((user: string, options: CommonOptions) =>
        show(
          options,
          async (operator) => {
            await run(operator, user)
            return { id: user }
          },
          () => `${user} ${done}.`,
        ),
      )
  withDataAndJson(command.command('server-ban').description('keep servers out of the lobby'))
    .argument('<glob>', 'a server name, in which * stands for anything')
    .action((glob: string, options: CommonOptions) =>
      show(
        options,
        async (operator) => {
          await operator.matrixServerBan(glob)
          return { glob }
        },
        () => `Servers named ${glob} are kept out of the lobby.`,
      ),
    )
  withRoom(command.command('say').description('say something as the relay'))
    .argument('<text>', 'what to say')
    .action((text: string, { room, ...options }: RoomOptions) =>
      show(
        options,
        (operator) => operator.matrixSay(text, room === undefined ? {} : { room }),
        () => 'Said.',
      ),
    )
  withRoom(command.command('messages').description('show the latest messages')).action(
    ({ room, ...options }: RoomOptions) =>
      show(
        options,
        (operator) => operator.matrixMessages(room === undefined ? {} : { room }),
        (messages) =>
          messages.length === 0
            ? 'No messages yet.'
            : table(
                ['AT', 'SENDER', 'TEXT'],
                messages.map(({ at, sender, text }) => [moment(at), sender, text]),
              ),
      ),
  )
  withDataAndJson(
    command.command('rooms').description('list the rooms the relay is in, and invites to it'),
  ).action((options: CommonOptions) =>
    show(
      options,
      (operator) => operator.matrixRooms(),
      (rooms) =>
        table(
          ['ID', 'KIND', 'VERSION', 'JOINED', 'NAME', 'INVITED BY'],
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
  withDataAndJson(
    command.command('join').description('join a room of another server, or accept an invite to one'),
  )
    .argument('<room>', 'an alias, #name:server, or an id')
    .action((room: string, options: CommonOptions) =>
      show(
        options,
        (operator) => operator.matrixJoin(room),
        ({ id }) => `Joined ${id}.`,
      ),
    )
  withDataAndJson(command.command('leave').description('leave a room, or refuse an invite to one'))
    .argument('<room>', 'an alias or an id')
    .action((room: string, options: CommonOptions) =>
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

type OnUser = readonly [
  name: string,
  about: string,
  done: string,
  run: (operator: Operator, user: string) => Promise<void>,
]

const ON_USERS: readonly OnUser[] = [
  [
    'invite',
    'invite a Matrix user to the lobby',
    'is invited',
    (operator, user) => operator.matrixInvite(user),
  ],
  [
    'accept',
    'let in a Matrix user who knocks',
    'is invited',
    (operator, user) => operator.matrixAccept(user),
  ],
  [
    'decline',
    'refuse a Matrix user who knocks',
    'is refused',
    (operator, user) => operator.matrixDecline(user),
  ],
  [
    'kick',
    'remove a user, or withdraw an invite',
    'is removed',
    (operator, user) => operator.matrixKick(user),
  ],
  ['ban', 'remove a user, who cannot come back', 'is banned', (operator, user) => operator.matrixBan(user)],
  ['unban', 'lift a ban', 'is banned no longer', (operator, user) => operator.matrixUnban(user)],
]

function withRoom(command: Command): Command {
  return withDataAndJson(command).option('--room <room>', 'alias or id of a room (default: the lobby)')
}

/** Asks the relay, and prints the answer as JSON or in words. */
function show<T>(
  options: CommonOptions,
  ask: (operator: Operator) => Promise<T>,
  words: (answer: T) => string,
): Promise<void> {
  return visit(
    options,
    async (operator) => {
      const answer = await ask(operator)
      if (options.json) printJson(answer)
      else print(words(answer))
    },
    ADVICE,
  )
}

/** Members, and those who have asked for an invite of the relay in the lobby. */
async function listMembers(operator: Operator) {
  const members = await operator.matrixMembers()
  const known = new Set(members.filter(({ membership }) => membership === 'knock').map(({ id }) => id))
  const asking = (await operator.knocksList()).filter(({ id }) => /^@[^:]+:/.test(id) && !known.has(id))
  return [
    ...members,
    ...asking.map(({ id, since }) => ({ id, name: '', membership: 'asks for an invite', since })),
  ]
}

function membersTable(members: Awaited<ReturnType<typeof listMembers>>): string {
  return table(
    ['USER', 'NAME', 'MEMBERSHIP', 'SINCE'],
    members.map(({ id, name, membership, since }) => [id, name, membership, moment(since)]),
  )
}
