// SPDX-License-Identifier: AGPL-3.0-or-later
// The stack of Manyverse: ssb-db2 with ssb-ebt, ssb-friends and ssb-replication-scheduler. Its apps ask for feeds by
// `ebt.replicate` alone.

import { test } from 'tap'
import { type App, kept } from '../helpers/app.js'
import { openManyverse } from '../helpers/manyverse.js'
import { type BootedRelay, bootRelay, until } from '../helpers/relay.js'

const ON = { sets: ['feeds.ebt=true'] }

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

async function join(relay: BootedRelay, ...apps: App[]): Promise<void> {
  for (const { id } of apps) await relay.operator.membersAdd(id)
}

async function arrives(reader: App, author: App, count: number): Promise<void> {
  await until(`${count} messages of the author`, async () => (await reader.feed(author.id)).length === count)
}

test('a friend that was offline gets the feed from the relay', async (t) => {
  const relay = await bootRelay(t, ON)
  const author = await openManyverse(t)
  const reader = await openManyverse(t)
  await join(relay, author, reader)
  await author.write(6)
  await reader.follow(author.id)

  const writing = await author.connect(at(relay))
  await kept(relay.operator, author.id, 6)
  await writing.close()
  await author.close()

  const reading = await reader.connect(at(relay))
  t.teardown(() => reading.close())
  await arrives(reader, author, 6)
  await kept(relay.operator, reader.id, 1)
  t.same(reader.asked, [], 'it was not asked for a history as well')
})

test('messages go on as they are written, while both are connected', async (t) => {
  const relay = await bootRelay(t, ON)
  const author = await openManyverse(t)
  const reader = await openManyverse(t)
  await join(relay, author, reader)
  await reader.follow(author.id)
  for (const app of [author, reader]) {
    const connection = await app.connect(at(relay))
    t.teardown(() => connection.close())
  }
  await author.write(3)
  await arrives(reader, author, 3)
  await author.write(300)
  await arrives(reader, author, 303)
})

test('a member that is added while the others are connected is offered to them', async (t) => {
  const relay = await bootRelay(t, ON)
  const author = await openManyverse(t)
  const reader = await openManyverse(t)
  await join(relay, reader)
  await reader.follow(author.id)
  await author.write(5)
  const reading = await reader.connect(at(relay))
  t.teardown(() => reading.close())
  await kept(relay.operator, reader.id, 1)
  await join(relay, author)
  const writing = await author.connect(at(relay))
  t.teardown(() => writing.close())
  await arrives(reader, author, 5)
})

test('with EBT off, feeds arrive by history, none goes back, and the status counts the members whose apps ask', async (t) => {
  const relay = await bootRelay(t)
  const author = await openManyverse(t)
  const reader = await openManyverse(t)
  await join(relay, author, reader)
  await author.write(3)
  await reader.follow(author.id)
  const connection = await author.connect(at(relay))
  t.teardown(() => connection.close())
  await kept(relay.operator, author.id, 3)
  const reading = await reader.connect(at(relay))
  t.teardown(() => reading.close())
  await kept(relay.operator, reader.id, 1)
  t.same(await reader.feed(author.id), [])
  await until('the refusal', async () => (await relay.status()).ebt_refused === 2)
})
