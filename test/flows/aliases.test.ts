// SPDX-License-Identifier: AGPL-3.0-or-later
// Aliases over SSB: register, look up, revoke, and every attempt to take another member's.

import ssbKeys, { type Keys } from 'ssb-keys'
import { type Test, test } from 'tap'
import { ALIASES_PER_MEMBER } from '../../src/lib/limits.js'
import { signRegistration } from '../../src/ssb/alias.js'
import { type BootedRelay, bootRelay, connectMember } from '../helpers/relay.js'

const connect = (t: Test, relay: BootedRelay) => connectMember(t, relay, { keys: ssbKeys.generate() })

test('a member registers a name, is found by it, and gives it up', async (t) => {
  const relay = await bootRelay(t)
  const [bob, carol] = [await connect(t, relay), await connect(t, relay)]
  const url = await bob.rpc.room.registerAlias('bob', signRegistration(bob.keys, relay.id, 'bob'))
  t.equal(url, `${relay.webUrl}/alias/bob`)
  t.equal(await carol.rpc.tunnel.whois('bob'), bob.id)
  t.same(await bob.rpc.room.listAliases(), ['bob'])
  t.same(await carol.rpc.room.listAliases(bob.id), ['bob'])
  t.same(await carol.rpc.room.listAliases(), [])
  await relay.restart()
  const back = await connectMember(t, relay, { keys: bob.keys })
  t.equal(await back.rpc.tunnel.whois('bob'), bob.id, 'it is kept')
  t.equal(await back.rpc.room.revokeAlias('bob'), true)
  await t.rejects(back.rpc.tunnel.whois('bob'), { code: 'not_found' })
  const next = await connectMember(t, relay, { keys: carol.keys })
  await next.rpc.room.registerAlias('bob', signRegistration(carol.keys, relay.id, 'bob'))
  t.equal(await back.rpc.tunnel.whois('bob'), carol.id, 'and free for another')
})

test('a name goes with the membership', async (t) => {
  const relay = await bootRelay(t)
  const [bob, carol] = [await connect(t, relay), await connect(t, relay)]
  await bob.rpc.room.registerAlias('bob', signRegistration(bob.keys, relay.id, 'bob'))
  await relay.operator.membersRemove(bob.id)
  await carol.rpc.room.registerAlias('bob', signRegistration(carol.keys, relay.id, 'bob'))
  await relay.operator.membersAdd(bob.id)
  t.equal(await carol.rpc.tunnel.whois('bob'), carol.id, 'coming back does not bring it back')
})

test('signatures that are not for this name, at this room, by this member', async (t) => {
  const relay = await bootRelay(t)
  const [bob, mallory] = [await connect(t, relay), await connect(t, relay)]
  const elsewhere = ssbKeys.generate().id
  const own = (name: string) => signRegistration(mallory.keys, relay.id, name)
  const bobs = signRegistration(bob.keys, relay.id, 'bob')
  const sign = (text: string, keys: Keys = mallory.keys): string => ssbKeys.sign(keys, text)
  const wrong: Array<[string, unknown]> = [
    ["another's, replayed", bobs],
    ["another room's", signRegistration(mallory.keys, elsewhere, 'bob')],
    ["another name's", own('bobby')],
    ['of other words', sign(`=room-alias-registration:${relay.id}:${mallory.id}`)],
    ['without the equals sign', sign(`room-alias-registration:${relay.id}:${mallory.id}:bob`)],
    ["over another's id", sign(`=room-alias-registration:${relay.id}:${bob.id}:bob`)],
    ['bent', own('bob').replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))],
    ['cut short', own('bob').slice(4)],
    ['without its suffix', own('bob').replace('.sig.ed25519', '')],
    ['with more behind it', `${own('bob')}\n`],
    ['of zeros', `${Buffer.alloc(64).toString('base64')}.sig.ed25519`],
    ['an empty string', ''],
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { toString: own('bob') }],
    ['a list with the right one in it', [own('bob')]],
  ]
  for (const [name, signature] of wrong)
    await t.rejects(mallory.rpc.room.registerAlias('bob', signature), { code: 'signature_invalid' }, name)
  await t.rejects(bob.rpc.tunnel.whois('bob'), { code: 'not_found' }, 'none of it took the name')

  await bob.rpc.room.registerAlias('bob', bobs)
  await t.rejects(
    mallory.rpc.room.registerAlias('bob', bobs),
    { code: 'signature_invalid' },
    'seen, and replayed',
  )
  await t.rejects(mallory.rpc.room.registerAlias('bob', own('bob')), { code: 'alias_taken' })
  await t.rejects(mallory.rpc.room.registerAlias('BOB', own('BOB')), { code: 'alias_invalid' }, 'in any case')
  await bob.rpc.room.registerAlias('bob', bobs)
  t.equal(await bob.rpc.tunnel.whois('bob'), bob.id, 'registering again changes nothing')

  const words = async (name: string): Promise<string> =>
    mallory.rpc.room.revokeAlias(name).then(String, (err: Error) => err.message)
  t.equal(await words('bob'), await words('nobody'), "another's reads as one that is free")
  t.equal(await bob.rpc.tunnel.whois('bob'), bob.id)
})

/** Reserved and invalid aliases, each with a valid signature. */
const NO_NAMES: Array<[string, string]> = [
  ['empty', ''],
  ['a space', ' '],
  ['a space around it', ' bob'],
  ['a line break behind it', 'bob\n'],
  ['a NUL in it', 'bo\u0000b'],
  ['a dot', 'bob.example'],
  ['a dot behind it', 'bob.'],
  ['a hyphen first', '-bob'],
  ['a hyphen last', 'bob-'],
  ['a digit first', '1bob'],
  ['an underscore', '__proto__'],
  ['an underscore alone', '_'],
  ['64 characters', 'a'.repeat(64)],
  ['10,000 characters', 'a'.repeat(10_000)],
  ['an at sign', '@bob'],
  ['a slash', 'bob/../admin'],
  ['a colon', 'bob:8008'],
  ['a percent sign', 'bob%2e'],
  ['markup', '<b>bob'],
  ['a Cyrillic о', 'b\u043eb'],
  ['a fullwidth b', '\uff42ob'],
  ['a combining accent', 'bo\u0301b'],
  ['a zero-width joiner', 'bo\u200db'],
  ['right-to-left', '\u202ebob'],
  ['a soft hyphen', 'bo\u00adb'],
  ['a dotted capital I', 'B\u0130B'],
  ['a mathematical b', '\u{1d41b}ob'],
  ['reserved: admin', 'admin'],
  ['reserved: ADMIN', 'ADMIN'],
  ['reserved: www', 'www'],
  ['reserved: invite', 'invite'],
  ['reserved: login', 'login'],
  ['reserved: notice', 'notice'],
  ['a look-alike of another name', 'xn--dmin-koa'],
]

test('names that are none', async (t) => {
  const relay = await bootRelay(t)
  const bob = await connect(t, relay)
  for (const [what, name] of NO_NAMES) {
    const signature = signRegistration(bob.keys, relay.id, name)
    await t.rejects(bob.rpc.room.registerAlias(name, signature), { code: 'alias_invalid' }, what)
    await t.rejects(bob.rpc.tunnel.whois(name), { code: 'not_found' }, `${what}: nobody's`)
  }
  for (const name of [undefined, null, 7, true, {}, [], ['bob'], { toString: 'bob' }]) {
    const signature = signRegistration(bob.keys, relay.id, 'bob')
    await t.rejects(bob.rpc.room.registerAlias(name, signature), { code: 'alias_invalid' })
    await t.rejects(bob.rpc.tunnel.whois(name), { code: 'not_found' })
    await t.rejects(bob.rpc.room.revokeAlias(name), { code: /^(alias_invalid|not_found)$/ })
  }
  for (const id of ['bob', 7, {}, []]) await t.rejects(bob.rpc.room.listAliases(id), { code: 'bad_feed_id' })
  // names of JavaScript object properties are aliases like any other if their letters are valid
  for (const name of ['constructor', 'toString', 'valueOf', 'hasOwnProperty'])
    await t.rejects(bob.rpc.tunnel.whois(name), { code: 'not_found' }, name)
  const name = 'constructor'
  await bob.rpc.room.registerAlias(name, signRegistration(bob.keys, relay.id, name))
  t.equal(await bob.rpc.tunnel.whois(name), bob.id)
  const longest = `a${'b'.repeat(61)}c`
  await bob.rpc.room.registerAlias(longest, signRegistration(bob.keys, relay.id, longest))
  t.equal(await bob.rpc.tunnel.whois(longest), bob.id, '63 characters are a label')
  t.same((await bob.rpc.room.listAliases()).sort(), [longest, name].sort())
})

test('one member holds so many names and no more', async (t) => {
  const relay = await bootRelay(t)
  const bob = await connect(t, relay)
  const register = (n: number) =>
    bob.rpc.room.registerAlias(`bob${n}`, signRegistration(bob.keys, relay.id, `bob${n}`))
  for (let n = 1; n <= ALIASES_PER_MEMBER; n++) await register(n)
  await t.rejects(register(ALIASES_PER_MEMBER + 1), { code: 'quota_reached' })
  await register(1)
  await bob.rpc.room.revokeAlias('bob1')
  await register(ALIASES_PER_MEMBER + 1)
  t.equal((await bob.rpc.room.listAliases()).length, ALIASES_PER_MEMBER)
})
