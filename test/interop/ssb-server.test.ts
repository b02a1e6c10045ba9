// SPDX-License-Identifier: AGPL-3.0-or-later
// ssb-server 16 with its own replication, as Patchwork and pubs have it. A control run shows first that two of them
// replicate with each other.

import { type Test, test } from 'tap'
import { type BootedRelay, bootRelay, until } from '../helpers/relay.js'
import { lacksSsbServer, openSsbServer, type SsbServer } from '../helpers/ssb-server.js'

const skip = lacksSsbServer()
const POSTS = ['one', 'two', 'three', 'four', 'five', 'six']

const addressOf = ({ ssbPort, id }: BootedRelay): string => `net:127.0.0.1:${ssbPort}~shs:${id.slice(1, -8)}`

async function write(app: SsbServer): Promise<void> {
  for (const text of POSTS) await app.publish({ type: 'post', text })
}

async function arrives(reader: SsbServer, author: SsbServer): Promise<void> {
  await until('the posts', async () => (await reader.posts(author.id)).length === POSTS.length, 30_000)
}

test('the control run: two of them replicate', { skip }, async (t) => {
  const [author, reader] = [await openSsbServer(t), await openSsbServer(t)]
  await write(author)
  await author.follow(reader.id)
  await reader.follow(author.id)
  await reader.connect(author.address)
  await arrives(reader, author)
  t.same(await reader.posts(author.id), POSTS)
})

for (const [ebt, title] of [
  [false, 'the author offline, EBT off: its history streams are served'],
  [true, 'the author offline, EBT on'],
] as const)
  test(title, { skip }, async (t) => {
    const relay = await bootRelay(t, { sets: [`feeds.ebt=${ebt}`] })
    const [author, reader] = [await openSsbServer(t), await openSsbServer(t)]
    await joinBoth(t, relay, author, reader)
    await write(author)
    await reader.follow(author.id)
    await author.connect(addressOf(relay))
    await until('the feed at the relay', async () => (await storedOf(relay, author)) >= POSTS.length, 30_000)
    await author.close()
    await reader.connect(addressOf(relay))
    await arrives(reader, author)
    t.same(await reader.posts(author.id), POSTS)
  })

test('its own invite.accept joins the relay, and posts arrive as they are written', { skip }, async (t) => {
  const relay = await bootRelay(t)
  const [author, reader] = [await openSsbServer(t), await openSsbServer(t)]
  for (const app of [author, reader]) {
    const { code } = await relay.operator.inviteCreate({})
    await app.acceptInvite(code)
    await until('it to be a member', async () =>
      (await relay.operator.membersList()).some(({ id }) => id === app.id),
    )
  }
  await reader.follow(author.id)
  for (const app of [author, reader]) await app.connect(addressOf(relay))
  await write(author)
  await arrives(reader, author)
  const contacts = await author.contacts()
  t.ok(contacts.includes(relay.id), 'it follows the relay')
  await author.publish({ type: 'post', text: 'seven' })
  await until('the seventh', async () => (await reader.posts(author.id)).includes('seven'), 30_000)
})

async function joinBoth(t: Test, relay: BootedRelay, ...apps: SsbServer[]): Promise<void> {
  for (const app of apps) {
    await relay.operator.membersAdd(app.id)
    await app.follow(relay.id)
  }
  t.equal((await relay.status()).members, apps.length)
}

async function storedOf(relay: BootedRelay, { id }: SsbServer): Promise<number> {
  const members = await relay.operator.membersList()
  return members.find((member) => member.id === id)?.messages ?? 0
}
