// SPDX-License-Identifier: AGPL-3.0-or-later
// room.createInvite and aliases: permissions are checked inside the write transaction.

import ssbKeys, { type Keys } from 'ssb-keys'
import t from 'tap'
import type { Method } from '../../../src/muxrpc/registry.js'
import { createAccess } from '../../../src/peer/access.js'
import type { Connection } from '../../../src/peer/connection.js'
import { followMethods } from '../../../src/peer/methods/follow.js'
import { type RoomComponents, roomMethods } from '../../../src/peer/methods/room.js'
import { createAttendants } from '../../../src/room/attendants.js'
import { signRegistration } from '../../../src/ssb/alias.js'
import type { Role } from '../../../src/store/roles.js'
import type { Store } from '../../../src/store/store.js'
import { openCaller } from '../../helpers/caller.js'
import { openTestStore } from '../../helpers/store.js'

type Test = Parameters<typeof openTestStore>[0]

/** A store, and the means to call methods as the gate does that has let a call pass. */
async function openMethods(t: Test) {
  const opened = await openTestStore(t)
  const { store, clock, keys } = opened
  const attendants = createAttendants<Connection>(clock)
  const components: RoomComponents = {
    ...{ store, clock, attendants, own: keys.id },
    address: () => ({ host: 'pool.example', port: 8008 }),
    expiresDays: () => 7,
    inviteLink: () => '',
    aliasLink: () => '',
    name: () => 'Pool',
  }
  const access = createAccess(() => store.settings.get().mode)
  const methods = {
    ...roomMethods(access, components),
    ...followMethods(access, { store, clock, backlog: { offered() {} } }),
  }
  const call = async (name: string, { id }: Keys, ...args: unknown[]): Promise<string> => {
    const method = methods[name] as Method<Connection>
    if (!('call' in method)) throw new Error(`${name} is a stream`)
    try {
      await method.call(openCaller({ id }).connection, ...args)
      return 'done'
    } catch (err) {
      return (err as { code: string }).code
    }
  }
  /** One call of each, in this very turn of the event loop. */
  const callAll = (who: Keys, name: string): Promise<string[]> =>
    Promise.all([
      call('follow', who, ssbKeys.generate().id),
      call('room.createInvite', who),
      call('room.registerAlias', who, name, signRegistration(who, keys.id, name)),
    ])
  return { ...opened, callAll }
}

async function member(store: Store, role: Role = 'member'): Promise<Keys> {
  const keys = ssbKeys.generate()
  await store.members.follow(keys.id, { by: 'operator', voucher: null, note: '' })
  await store.roles.set(keys.id, role)
  return keys
}

t.test('calls behind an order to go are refused, those before it are not', async (t) => {
  const { store, callAll } = await openMethods(t)
  const orders = {
    remove: (id: string) => store.members.unfollow(id),
    block: (id: string) => store.members.block(id, ''),
    leave: (id: string) => store.moderation.as(id).leave(false),
  }
  for (const [name, order] of Object.entries(orders)) {
    const who = await member(store)
    const before = callAll(who, `${name}-a`)
    const gone = order(who.id)
    const after = callAll(who, `${name}-b`)
    t.same(await before, ['done', 'done', 'done'])
    t.same(await after, ['not_allowed', 'not_allowed', 'not_allowed'], name)
    await gone
  }
  t.same(store.aliases.list(), [])
  t.same(
    store.invites.list().filter(({ state }) => state === 'live'),
    [],
  )
})

t.test('calls behind a change of mode or role are judged by it', async (t) => {
  const { store, callAll } = await openMethods(t)
  const [plain, warden] = [await member(store), await member(store, 'moderator')]
  const restricted = store.settings.change({ mode: 'restricted' })
  const after = [callAll(plain, 'ann'), callAll(warden, 'bob')]
  await restricted
  t.same(await Promise.all(after), [
    ['not_allowed', 'not_allowed', 'not_allowed'],
    ['done', 'done', 'not_allowed'],
  ])
  const lowered = store.roles.set(warden.id, 'member')
  const late = callAll(warden, 'bob')
  await lowered
  t.same(await late, ['not_allowed', 'not_allowed', 'not_allowed'])
})
