// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool console: the text for a board's screen and for a file on its card.

import type { Command } from 'commander'
import { isLoopback, lanNames, nearbyAddresses } from '../lib/platform.js'
import type { RelayStatus, SettingsInfo } from '../operator/protocol.js'
import { type CommonOptions, visit, withDataAndJson, withDetails, withExamples } from './options.js'
import { print, printJson } from './output.js'
import { blockLines, qrModules } from './qr.js'
import { setupLinkAt } from './setup.js'
import { oneLine, wrap } from './text-layout.js'

/** Columns of a text console; a line of the QR code has fewer. */
const COLUMNS = 80

const ABSENT = 'The relay is not running.'

interface ConsoleOptions extends CommonOptions {
  plain?: boolean
}

/** Adds options, help and action to the empty command `console`. */
export function define(command: Command): void {
  withDataAndJson(command)
  command.option('--plain', 'text for a file: QR code dark on light, backslashes as they are')
  withExamples(command, [
    ['tidepool console > /run/issue.d/tidepool.issue', 'show it above the login prompt'],
    ['tidepool console --plain > tidepool.txt', 'write it to a file'],
  ])
  withDetails(
    command,
    'The text fits 80 columns. Backslashes are doubled, because agetty reads them as commands in /etc/issue.',
  )
  command.action(({ plain = false, ...options }: ConsoleOptions) =>
    visit(
      options,
      async (operator) => {
        const facts = consoleFacts(await operator.status(), await operator.settings())
        if (options.json) return printJson(facts)
        const link = laidOut(linkText(facts), plain)
        const text = laidOut(consoleText(facts), plain)
        const code = await qrCode(facts.setup_link, plain)
        // a screen of 25 rows shows the end of it
        print((plain ? [...link, ...text, ...code] : [...text, ...code, ...link]).join('\n'))
      },
      {},
      options.json ? undefined : ABSENT,
    ),
  )
}

/** What the text says. A type alias, so that its fields are the JSON's. */
export type ConsoleFacts = {
  name: string
  set_up: boolean
  setup_link: string | null
  /** as in `SettingsInfo` */
  local_claim_s: number | null
  /** URLs for the local network, a name first; without `web.local`, the plain web listener */
  local: string[]
  https: string | null
  onion: string | null
  onion_state: string
  /** whether this machine has an address on a private network */
  has_network: boolean
  warnings: string[]
}

/** @param own addresses and name of this machine; injected by tests */
export function consoleFacts(
  { name, addresses, onion, warnings }: RelayStatus,
  settings: SettingsInfo,
  own: { addresses: string[]; names: string[] } = { addresses: nearbyAddresses(), names: lanNames() },
): ConsoleFacts {
  const { https, web } = addresses
  const local = addresses.local === null ? [web].flatMap((url) => url ?? []) : urlsOf(addresses.local, own)
  // not by the name: another machine may answer to it, and would get the token
  const linked = local.find((url) => !new URL(url).hostname.endsWith('.local')) ?? local[0] ?? null
  return {
    ...{ name, set_up: settings.set_up, setup_link: setupLinkAt(linked, settings) },
    ...{ local_claim_s: settings.local_claim_s, local, https },
    ...{ onion: addresses.onion, onion_state: onion.state },
    ...{ has_network: own.addresses.length > 0, warnings },
  }
}

/** All URLs of the listener for the local network. Without a network there is its loopback address alone. */
function urlsOf(url: string, { addresses, names }: { addresses: string[]; names: string[] }): string[] {
  const { hostname, port } = new URL(url)
  if (isLoopback(hostname)) return [url]
  const name = names.find((each) => each.endsWith('.local')) ?? []
  // the name last: another machine may answer to it
  return [addresses, name].flat().map((host) => `http://${host}${port && `:${port}`}`)
}

const nameOf = (facts: ConsoleFacts): string => oneLine(facts.name) || 'Tidepool'
const whereOf = ({ local }: ConsoleFacts): string =>
  local.every((url) => isLoopback(new URL(url).hostname)) ? 'this machine' : 'this network'

/** What to do before the set-up. */
export function linkText(facts: ConsoleFacts): string[] {
  if (facts.set_up) return []
  return [
    `${nameOf(facts)} is not set up yet.`,
    ...listed(`Open this link on ${whereOf(facts)}, or scan the code:`, facts.setup_link),
  ]
}

/** The rest, above the QR code; some lines are longer than the screen. */
export function consoleText(facts: ConsoleFacts): string[] {
  const { set_up, local_claim_s, local, https, onion, onion_state } = facts
  const where = whereOf(facts)
  const isOnWay = onion === null && onion_state !== 'disabled'
  return [
    ...(set_up ? [`${nameOf(facts)} is set up.`] : []),
    ...listed(
      local_claim_s === null
        ? `Pages on ${where}:`
        : 'In the first hour after each start these pages need no token:',
      ...local,
    ),
    ...(!facts.has_network ? ['This machine has no address on a local network yet.'] : []),
    ...listed('Pages from everywhere:', https),
    ...listed('Pages from everywhere, with Tor Browser:', onion),
    ...(isOnWay ? [`The onion address is not up yet: ${onion_state}.`] : []),
    ...facts.warnings.map((warning) => `Warning: ${oneLine(warning)}`),
  ]
}

/** A title and indented URLs; nothing if there are none. */
function listed(title: string, ...urls: Array<string | null>): string[] {
  const found = urls.filter((url) => url !== null)
  return found.length === 0 ? [] : [title, ...found.map((url) => `  ${url}`)]
}

/** Lines of the screen, with backslashes as agetty reads them; or of a file. */
function laidOut(lines: string[], plain: boolean): string[] {
  const broken = lines.flatMap((line) => wrapped(line))
  return plain ? broken : broken.map((line) => line.replaceAll('\\', '\\\\'))
}

/** Breaks a line; links have no spaces and are broken anywhere. */
function wrapped(line: string): string[] {
  const [indent = ''] = /^ */.exec(line) ?? []
  return wrap(line, COLUMNS - indent.length).map((part) => indent + part)
}

async function qrCode(link: string | null, plain: boolean): Promise<string[]> {
  if (link === null) return []
  const lines = blockLines(await qrModules(link), plain ? 'light' : 'dark')
  return (lines[0]?.length ?? 0) > COLUMNS ? [] : lines
}
