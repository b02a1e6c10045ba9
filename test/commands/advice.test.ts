// SPDX-License-Identifier: AGPL-3.0-or-later
// Advice after errors of a real relay, where the command knows more than the error code.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { DAY } from '../../src/lib/limits.js'
import { createTestClock } from '../helpers/clock.js'
import { bootRelay } from '../helpers/relay.js'
import { tidepool } from './invoke.js'

t.test('errors of the relay come with advice', async (t) => {
  const clock = createTestClock(Date.now())
  const relay = await bootRelay(t, { clock })
  const [blocked, nobody] = [ssbKeys.generate().id, ssbKeys.generate().id]
  await relay.operator.block(blocked)
  const gone = await relay.operator.inviteCreate({ expires_days: 1 })
  clock.advance(2 * DAY)
  const itself = /that is the relay itself \(bad_argument\)/
  const lift = `next: lift the block first: tidepool unblock '${blocked}'`
  const cases: Array<[args: string[], said: RegExp, next: string]> = [
    [['invite', 'revoke', gone.code], /\(invite_expired\)/, 'next: nothing to do: the invite cannot be used'],
    [
      ['invite', 'revoke', 'x'],
      /\(invite_malformed\)/,
      "next: give the invite's id from: tidepool invite list; or the whole",
    ],
    [['alias', 'revoke', 'bob'], /\(not_found\)/, 'next: list the aliases with: tidepool alias list'],
    [
      ['unblock', nobody],
      /not blocked \(not_found\)/,
      'next: list the blocked feeds with: tidepool block --list',
    ],
    [
      ['members', 'accept', nobody],
      /\(not_found\)/,
      'next: list the requests to join with: tidepool members knocks',
    ],
    [
      ['members', 'decline', nobody],
      /\(not_found\)/,
      'next: list the requests to join with: tidepool members knocks',
    ],
    [['members', 'add', blocked], /is blocked \(not_allowed\)/, lift],
    [['setup', '--name', 'Pool', '--admin', blocked], /is blocked \(not_allowed\)/, lift],
    [['members', 'add', relay.id], itself, "next: give another user's feed id"],
    [['block', relay.id], itself, "next: give another user's feed id"],
    [
      ['members', 'remove', nobody],
      /\(not_following\)/,
      'next: list the members with: tidepool members list',
    ],
  ]
  for (const [args, said, next] of cases) {
    const ran = await tidepool(...args, '--data', relay.dataDir)
    t.match(ran, { code: 1, stdout: '', stderr: said }, args.join(' '))
    t.ok(ran.stderr.includes(`\n  ${next}`), `${args.join(' ')}: ${ran.stderr}`)
  }
})
