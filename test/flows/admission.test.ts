// SPDX-License-Identifier: AGPL-3.0-or-later
// Who may do what over SSB (docs/protocol.md): every row against every method, and what the wrong callers and calls get.

import ssbKeys, { type Keys } from 'ssb-keys'
import { test } from 'tap'
import { DAY } from '../../src/lib/limits.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { connectClient } from '../helpers/client.js'
import { createTestClock, type TestClock } from '../helpers/clock.js'
import { type BootedRelay, bootRelay } from '../helpers/relay.js'
import { at, faults, isUp, tellsNothing } from './checks.js'
import { connectRaw, STREAM } from './raw.js'
import {
  type Cells,
  isRefusal,
  METHODS,
  type Method,
  MODES,
  type Mode,
  outcome,
  refusalIn,
  TABLE,
} from './table.js'

/** Kinds of callers that the table calls by one name, and callers that once had another class, in each mode. */
function kindsIn(mode: Mode): Record<string, Cells | 'refused'> {
  const { guest, stranger, member, blocked } = TABLE[mode] as Record<string, Cells>
  const kinds = {
    blocked,
    'blocked before it was ever followed': blocked,
    stranger,
    'member no more': stranger,
    'guest of a live invite': guest,
    'guest of an invite used up': { ...guest, 'invite.use': 'invite_used_up' },
    'guest of an expired invite': { ...guest, 'invite.use': 'invite_expired' },
    'guest of a revoked invite': { ...guest, 'invite.use': 'invite_unknown' },
    member,
  }
  return kinds as Record<string, Cells | 'refused'>
}

/** A caller of each row, made with operator commands and invites. */
async function makeCallers(relay: BootedRelay, clock: TestClock): Promise<Record<string, Keys>> {
  const { operator } = relay
  const guest = async (expires_days = 1): Promise<Keys> => {
    const { code } = await operator.inviteCreate({ expires_days })
    return ssbKeys.generate('ed25519', parseInviteCode(code).seed)
  }
  const member = async (): Promise<Keys> => {
    const keys = ssbKeys.generate()
    await operator.membersAdd(keys.id)
    return keys
  }
  const blocked = await member()
  await operator.block(blocked.id)
  const neverFollowed = ssbKeys.generate()
  await operator.block(neverFollowed.id)
  const formerly = await member()
  await operator.membersRemove(formerly.id)
  const expired = await guest()
  const usedUp = await guest(30)
  const client = await connectClient({ ...at(relay), keys: usedUp })
  await client.rpc.invite.use({ feed: ssbKeys.generate().id })
  await client.close()
  const revoked = await guest(30)
  await operator.inviteRevoke(revoked.id)
  clock.advance(2 * DAY)
  return {
    blocked,
    'blocked before it was ever followed': neverFollowed,
    stranger: ssbKeys.generate(),
    'member no more': formerly,
    'guest of a live invite': await guest(),
    'guest of an invite used up': usedUp,
    'guest of an expired invite': expired,
    'guest of a revoked invite': revoked,
    member: await member(),
  }
}

for (const mode of MODES) {
  test(`every kind of caller against every method: ${mode}`, async (t) => {
    const clock = createTestClock()
    const relay = await bootRelay(t, { clock })
    const callers = await makeCallers(relay, clock)
    const target = ssbKeys.generate().id
    await relay.operator.mode(mode)
    for (const [kind, cells] of Object.entries(kindsIn(mode))) {
      await t.test(kind, async (t) => {
        const keys = callers[kind] as Keys
        if (cells === 'refused') {
          await t.rejects(connectClient({ ...at(relay), keys }), 'the handshake is not completed')
          return
        }
        const raw = await connectRaw({ ...at(relay), keys })
        t.teardown(raw.close)
        const got: Record<string, string> = {}
        for (const method of Object.keys(METHODS) as Method[]) {
          got[method] = await outcome(t, raw, method, { keys, relay: relay.id, alias: 'nobody', target })
          // each costs the stock client 40 ms of Nagle's delay: in one mode after every call, in the others at the end
          if (mode === 'open') await isUp(t, raw, relay, `up after ${method}`)
        }
        await isUp(t, raw, relay, 'up after them all')
        t.same(got, withNobodyThere(cells))
        tellsNothing(t, raw)
      })
    }
    t.same(faults(relay), [])
  })
}

/** The table's cells for an unknown alias and a target that is not connected. */
function withNobodyThere(cells: Cells): Cells {
  const answered = (method: Method): boolean => cells[method] !== 'not_allowed'
  return {
    ...cells,
    ...(answered('tunnel.whois') ? { 'tunnel.whois': 'not_found' } : {}),
    ...(answered('tunnel.connect') ? { 'tunnel.connect': 'not_attending' } : {}),
    ...(answered('room.connect') ? { 'room.connect': 'not_attending' } : {}),
  }
}

test('methods we do not have are refused on that call, and the connection stays', async (t) => {
  const relay = await bootRelay(t)
  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  const { code } = await relay.operator.inviteCreate({})
  const guest = ssbKeys.generate('ed25519', parseInviteCode(code).seed)
  const foreign: Array<[string, string]> = [
    ['ebt.replicate', 'duplex'],
    ['blobs.createWants', 'source'],
    ['blobs.get', 'source'],
    ['tunnel.dance', 'async'],
    ['room.furniture', 'async'],
    ['publish', 'async'],
    ['createLogStream', 'source'],
    ['auth', 'async'],
    ['close', 'async'],
    ['connect', 'async'],
    ['multiserver.address', 'sync'],
    ['constructor', 'async'],
    ['toString', 'sync'],
    ['__proto__.toString', 'sync'],
    ['hasOwnProperty', 'sync'],
    ['', 'async'],
  ]
  for (const [who, key] of Object.entries({ member: keys, guest })) {
    const raw = await connectRaw({ ...at(relay), keys: key })
    t.teardown(raw.close)
    for (const [method, type] of foreign) {
      const frame = await raw.answer(raw.call(method, type, '[{}]'))
      t.ok(isRefusal(frame), `${who}: ${method || '(nothing)'}`)
      t.match(refusalIn(t, frame), /^(not_allowed|no_such_method)$/)
      // the other half of a duplex must be ended, or every call leaves one open
      t.equal(Boolean(frame.flags & STREAM), type === 'source' || type === 'duplex')
    }
    await isUp(t, raw, relay, `${who} is still connected`)
    tellsNothing(t, raw)
  }
  t.same(faults(relay), [])
})
