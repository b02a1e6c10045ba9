// SPDX-License-Identifier: AGPL-3.0-or-later
// The warnings of status: one sentence per problem, none without problems.

import t from 'tap'
import { DAY, HOUR, MIB } from '../../src/lib/limits.js'
import type { RelayStatus } from '../../src/operator/protocol.js'
import { sentenceOf, type WarningFacts, warningsOf } from '../../src/operator/warnings.js'
import { en } from '../../src/web/words/en.js'
import { STATUS } from '../commands/fake-status.js'

const NOW = Date.UTC(2026, 5, 1)
const WELL: WarningFacts = {
  ...{ status: STATUS, counts: { limits: new Map() }, now: NOW, uptime: 2 * HOUR },
  ...{ free: 1000 * MIB, descriptors: { open: 30, limit: 1024 } },
}
const withStatus = (status: Partial<RelayStatus>): Partial<WarningFacts> => ({
  status: { ...STATUS, ...status },
})
const withHttps = (https: Partial<RelayStatus['https']>): Partial<WarningFacts> =>
  withStatus({ https: { ...STATUS.https, ...https } })
const reached = (times: number, at: number): Partial<WarningFacts> => ({
  counts: { limits: new Map([['tunnels', { times, at }]]) },
})

t.test('no warnings without problems', async (t) => {
  t.same(warningsOf(WELL), [])
  for (const facts of [
    { free: null, descriptors: null },
    withStatus({ onion: { state: 'published' } }),
    withHttps({ state: 'valid', expires: NOW + 60 * DAY }),
    withHttps({ state: 'proxied' }),
    withStatus({ last_backup: NOW - 13 * DAY }),
    reached(9, HOUR / 2),
  ])
    t.same(warningsOf({ ...WELL, ...facts }), [])
})

t.test('each problem gives one warning', async (t) => {
  const cases: Array<[Partial<WarningFacts>, RegExp]> = [
    [withStatus({ recovering: true }), /recovering: nobody can join/],
    [withStatus({ time: 'unconfirmed' }), /clock is not confirmed/],
    [withStatus({ message_bytes: 93, max_bytes: 100 }), /store is 93 % full/],
    [{ free: 50 * MIB }, /disk has 50 MiB left/],
    [{ descriptors: { open: 900, limit: 1024 } }, /900 of 1024 file descriptors .*LimitNOFILE/],
    [withStatus({ ebt_refused: 2 }), /apps of 2 members ask for EBT, which is off/],
    [
      withStatus({ peers: { known: 2, connected: 1, lost: 1 } }),
      /1 other relay not connected for a day, or taking no feeds/,
    ],
    [{ local: 'port 80 is taken' }, /no pages for the local network .*: port 80 is taken/],
    [withStatus({ last_backup: NOW - 15.5 * DAY }), /last backup is 15 days old/],
    [withHttps({ state: 'expired', reason: 'no answer' }), /certificate has expired: no answer/],
    [withHttps({ state: 'not_yet_valid' }), /not valid yet/],
    [withHttps({ state: 'waiting', reason: 'port 80 is closed' }), /no certificate yet: port 80 is closed/],
    [withHttps({ state: 'valid', expires: NOW + 3.5 * DAY }), /ends in 3 days/],
    [withHttps({ state: 'valid', expires: NOW + 60 * DAY, reason: 'file unreadable' }), /^file unreadable$/],
    [withHttps({ state: 'proxied', reason: 'X-Forwarded-Proto' }), /reverse proxy .*: X-Forwarded-Proto/],
    [withStatus({ onion: { state: 'degraded', reason: 'tor ended' } }), /onion is degraded: tor ended/],
    [withStatus({ onion: { state: 'bootstrapping', reason: 'waiting' } }), /onion is bootstrapping: waiting/],
    [
      { counts: { limits: new Map([['web_invites', { times: 1, at: 1.5 * HOUR }]]) } },
      /web_invites, 1 time since the start; if these are too many strangers, ask a question/,
    ],
    [reached(12, 1.5 * HOUR), /in the last hour: tunnels, 12 times since the start/],
  ]
  const codes = new Set<string | undefined>()
  for (const [facts, words] of cases) {
    const found = warningsOf({ ...WELL, ...facts })
    t.equal(found.length, 1, String(words))
    const [one] = found
    t.match(one && sentenceOf(one), words)
    codes.add(one?.code)
  }
  t.same([...codes].sort(), Object.keys(en.warnings).sort(), 'every code has words and a case')
})

t.test('the figures of a warning are the parameters of its words', async (t) => {
  const facts = [
    withStatus({ message_bytes: 93, max_bytes: 100, ebt_refused: 2, onion: { state: 'degraded' } }),
    { free: 50 * MIB, descriptors: { open: 900, limit: 1024 }, ...reached(12, 1.5 * HOUR) },
    withHttps({ state: 'valid', expires: NOW + 3.5 * DAY }),
  ]
  for (const { code, values } of facts.flatMap((each) => warningsOf({ ...WELL, ...each }))) {
    const said = en.warnings[code]
    t.type(said, 'function', code)
    t.equal((said as () => unknown).length, Object.keys(values).length, code)
    const text = String((said as (...given: unknown[]) => unknown)(...Object.values(values)))
    for (const value of Object.values(values)) t.match(text, String(value), code)
  }
})
