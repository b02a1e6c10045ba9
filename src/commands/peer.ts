// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool peer: adds, lists and removes other relays that feeds are kept with.

import { type Command, Option } from 'commander'
import { count } from '../lib/text.js'
import type { PeerInfo } from '../operator/peers.js'
import type { PeerFeeds } from '../store/layout.js'
import {
  type CommonOptions,
  unblockFirst,
  visit,
  withDataAndJson,
  withDetails,
  withExamples,
} from './options.js'
import { idCell, moment, print, printJson, printTable, timeCell } from './output.js'
import { oneLine } from './text-layout.js'

const EXAMPLE = "tidepool peer add 'pool.example:8008:@….ed25519~…'"

/** Adds subcommands, help and actions to the empty command `peer`. */
export function define(command: Command): void {
  withDetails(
    command,
    'Two relays keep the feeds of those members who agree: if one is lost, the other has them. Both operators add the ' +
      'other relay; one of them gives the other an invite.',
  )
  withExamples(command, [
    [EXAMPLE, 'keep feeds with the relay that gave you this invite'],
    ["tidepool peer add '@….ed25519'", 'the same on its side: the other relay calls'],
    ['tidepool peer list', 'list the relays, and what each keeps'],
  ])
  defineAdd(command.command('add').description('keep feeds with another relay'))
  defineList(command.command('list').description('list other relays and the state of each'))
  defineRemove(command.command('remove').description('stop keeping feeds with a relay'))
}

function defineAdd(command: Command): void {
  withDataAndJson(command)
    .argument(
      '<relay>',
      'an invite code, an address (net:HOST:PORT~shs:KEY), or the feed id of a relay that calls',
    )
    .addOption(
      new Option('--feeds <whose>', 'ours: kept there; theirs: kept here')
        .choices(['ours', 'theirs', 'both'])
        .default('both'),
    )
  withDetails(
    command,
    'Of this relay\'s members, only those who agree are offered: see "tidepool members share". The members of a relay ' +
      'whose feeds are kept here can use this relay as if a member had vouched for them.',
  )
  withExamples(command, [[EXAMPLE, 'use the invite, and keep feeds both ways']])
  command.action((relay: string, { feeds, ...options }: CommonOptions & { feeds: PeerFeeds }) =>
    visit(
      options,
      async (operator) => {
        const peer = await operator.peerAdd(relay, feeds)
        if (options.json) return printJson(peer)
        print(`Keeping feeds with ${peer.id}: ${peer.feeds}.`)
        const { id } = await operator.status()
        print(`Its operator must do the same: tidepool peer add '${id}'`)
      },
      { not_allowed: unblockFirst(relay) },
    ),
  )
}

function defineList(command: Command): void {
  withExamples(withDataAndJson(command), [['tidepool peer list', 'list all relays']])
  command.action((options: CommonOptions) =>
    visit(options, async (operator) => {
      const peers = await operator.peerList()
      if (options.json) return printJson(peers)
      if (peers.length === 0) return print('No other relays. Add one with: tidepool peer add INVITE')
      const rows = peers.map((peer) => [
        idCell(peer.id),
        peer.name ?? '',
        peer.address ?? 'calls us',
        stateOf(peer),
        peer.feeds,
        peer.ours,
        peer.theirs,
        timeCell(peer.since),
      ])
      const since = { title: 'SINCE', optional: true } as const
      printTable(['ID', 'NAME', 'ADDRESS', 'STATE', 'FEEDS', 'OURS', 'THEIRS', since], rows)
      for (const line of peers.flatMap(problemsOf)) print(line)
    }),
  )
}

function stateOf({ connected, next, address }: PeerInfo): string {
  if (connected) return 'connected'
  if (address === null) return 'not connected'
  return next === null ? 'connecting' : 'waiting'
}

function problemsOf({ id, connected, reason, next, refused, ours }: PeerInfo): string[] {
  const again = next === null ? '' : `; next call ${moment(next)}`
  return [
    ...(!connected && reason !== null ? [`\nNot reached: ${id}\n  ${oneLine(reason)}${again}`] : []),
    ...(refused === null
      ? []
      : [`\nRefused ${count(refused.feeds, 'feed')} (${oneLine(refused.code)}): ${id}`]),
    ...(refused !== null && ours === 0
      ? ['  next: its operator runs "tidepool peer add" for this relay']
      : []),
  ]
}

function defineRemove(command: Command): void {
  withDataAndJson(command)
    .argument('<relay>', 'feed id of the relay')
    .option('--feeds', 'also unfollow the feeds that it vouches for, and delete their messages')
  withDetails(
    command,
    'Without --feeds, what is kept here of a lost relay stays, and its members can use this one.',
  )
  withExamples(command, [["tidepool peer remove '@….ed25519'", 'keep its feeds, and call it no more']])
  command.action((relay: string, { feeds = false, ...options }: CommonOptions & { feeds?: boolean }) =>
    visit(
      options,
      async (operator) => {
        const removed = await operator.peerRemove(relay, { feeds })
        if (options.json) return printJson({ id: relay, ...removed })
        print(`No longer keeping feeds with ${relay}.`)
        if (feeds) print(`Unfollowed ${count(removed.feeds, 'feed')} that it vouched for.`)
      },
      { not_found: 'list the relays with: tidepool peer list' },
    ),
  )
}
