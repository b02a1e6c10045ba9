// SPDX-License-Identifier: AGPL-3.0-or-later
// docs/reference.md says of commands, log events and limits what the code says.

import { Command } from 'commander'
import t from 'tap'
import { COMMANDS } from '../../src/commands/all.js'
import { KEYS } from '../../src/config/config.js'
import * as limits from '../../src/lib/limits.js'
import * as matrixLimits from '../../src/lib/matrix-limits.js'
import * as webLimits from '../../src/web/connection-limits.js'
import { sources, text } from './files.js'
import { compareEvents, logEvents } from './log-events.js'

const REFERENCE = text('docs/reference.md')

/** A part of the document, from its heading to the next of its level or above. */
function part(heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0
  const from = REFERENCE.indexOf(`\n${heading}\n`)
  if (from < 0) return ''
  const after = REFERENCE.slice(from + heading.length + 2)
  const end = after.search(new RegExp(`^#{1,${level}} `, 'm'))
  return end < 0 ? after : after.slice(0, end)
}

/** The cells of a table's rows that begin with code. */
function rows(heading: string): string[][] {
  return part(heading)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(/ \| /).map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
}

const code = (cell = ''): string => /^`([^`]*)`/.exec(cell)?.[1] ?? ''

t.test('every command and each of its options is described, with an example', async (t) => {
  for (const [name, , load] of COMMANDS) {
    const command = new Command(name)
    ;(await load()).define(command)
    const said = part(name.endsWith('block') ? '### tidepool block and unblock' : `### tidepool ${name}`)
    t.match(said, `\`tidepool ${name}`, `tidepool ${name} has a section in docs/reference.md`)
    t.match(said, /```sh\n/, `tidepool ${name} has an example`)
    for (const each of [command, ...command.commands]) {
      const line = each === command ? `tidepool ${name}` : `tidepool ${name} ${each.name()}`
      t.ok(said.includes(`\`${line}`), `${line} is described in docs/reference.md`)
      for (const { long } of each.options) {
        // told once for all commands
        if (long === '--data' || long === '--json') continue
        t.ok(new RegExp(`\`[^\`]*${long}\\b`).test(said), `${line} ${long} is described in docs/reference.md`)
      }
    }
  }
})

t.test(
  'the log events that are warnings and errors are described, and each row is in the code',
  async (t) => {
    const { events, variable } = logEvents(sources('src'))
    t.same(variable, [], 'a log message is constant text; what varies is in fields')
    const documented = rows('## Log events').map(([event, level = '']) => [code(event), level] as const)
    const { missing, stale } = compareEvents(events, documented)
    for (const each of missing) t.fail(`docs/reference.md, "Log events" lacks ${each}`)
    for (const each of stale)
      t.fail(`docs/reference.md, "Log events" has a row that is not in the code: ${each}`)
    t.ok(documented.length > 40, 'the table was found')
    t.same(
      rows('## Log events').filter((cells) => cells.length !== 4),
      [],
      'event, level, meaning, what to do',
    )
  },
)

t.test('log calls of every form are found', async (t) => {
  const source = [
    "log.warn({ err }, 'a b')",
    "parts.log.error('c')",
    "components.log.info(fields, bad ? 'd' : 'e')",
    "tell('warn', 'f', { feed })",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    'log.info({}, `g ${h} i`)',
    "log.debug({}, 'j')",
    'log.warn({}, message)',
    "catalog.info({}, 'k')",
    "print('info', code)",
  ].join('\n')
  const { events, variable } = logEvents(new Map([['src/x.ts', source]]))
  t.same(
    events.map(({ level, message, line }) => `${line} ${level} ${message}`),
    ['1 warn a b', '2 error c', '3 info d', '3 info e', '4 warn f', '5 info g … i', '6 debug j'],
  )
  t.same(variable, ['src/x.ts:7'])
  t.same(
    compareEvents(events, [
      ['a b', 'warn'],
      ['c', 'warn'],
    ]),
    {
      missing: ['| `c` | error | … add this row: src/x.ts:2', '| `f` | warn | … add this row: src/x.ts:4'],
      stale: ['| `c` | warn | … remove this row'],
    },
  )
})

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: limits.SECOND,
  min: limits.MINUTE,
  h: limits.HOUR,
  KiB: limits.KIB,
  MiB: limits.MIB,
  GiB: 1024 * limits.MIB,
}

/** The number of a cell such as `4 MiB/s of lists` or `10,000 uses`. */
function numberIn(name: string, cell: string): number {
  const [, digits = '', unit = ''] = /^([\d,]+) ?(\w*)/.exec(cell) ?? []
  const days = unit.startsWith('day') && name.endsWith('_MS') ? limits.DAY : null
  return Number(digits.replaceAll(',', '')) * (days ?? UNITS[unit] ?? 1)
}

/** Limits that only the code needs: sizes of steps, intervals, and the specifications' own. */
const INTERNAL =
  /^(INCOMING_VALUE_BYTES|SEQUENCE_MAX|CHUNK_BYTES|\w+_STEP(_\w+)?|\w+_TURN(_\w+)?|PROGRESS_MS|VERIFY_\w+|REBUILD_\w+|REFUSALS_KEPT|GAP_SETTLE_MS|GAP_EXTRA|APPEND_\w+|HISTORY_CHUNK|EBT_NOTES|EBT_WISHES|BATCH_\w+|INVITE_LEAST_DAYS|INVITE_RANGE|SEEN_STEP_MS|AUDIT_TOLD|AGENT_CHARS|SOLVED_PER_MEMBER|SIGN_IN_PICTURES|PICTURES_KEPT|PRESENCE_MS|PRESENCE_LOG|MEMBERS_PAGE|BODY_DISCARDED|BODY_CRUMBS?|CLAIMED_KEPT|ONION_PORTS|PULSE_WRITE_MS|TOR_QUEUE_BYTES|RENEW_AFTER|ACME_ANSWER_\w+|ACME_CHALLENGE\w*|PLAUSIBLE_NOW|CLOCK_LOOK_MS|CLOCK_STEP_MS|LOG_KINDS|BACKUP_PAGE_BYTES|CONTROL_LINES_TURN|CONTROL_PROGRESS_MS|KIB|MIB|SECOND|MINUTE|HOUR|DAY)$/

t.test('the limits are those of the code', async (t) => {
  const constants: Record<string, unknown> = { ...limits, ...matrixLimits, ...webLimits }
  const documented = rows('## Limits').filter(([name]) => !code(name).startsWith('.'))
  // the table of what is evicted names limits in its first cell too, but not as the whole of it
  const table = documented.filter(([name = '']) => /^`[^`]+`$/.test(name))
  t.ok(table.length > 100, 'the table was found')
  for (const [cell, value = ''] of table) {
    const name = code(cell)
    const [key = '', field] = name.split('.')
    // the one default that depends on the machine is given for 64 bits
    const real =
      name === 'store.max_bytes'
        ? 8 * 1024 * limits.MIB
        : Object.hasOwn(KEYS, name)
          ? KEYS[name as keyof typeof KEYS].default
          : field === undefined
            ? constants[key]
            : (constants[key] as Record<string, unknown> | undefined)?.[field]
    t.equal(numberIn(key, value), real, `docs/reference.md, "Limits": ${name} is ${real}, not ${value}`)
  }
  const names = new Set(table.map(([cell]) => code(cell).split('.')[0]))
  for (const name of Object.keys({ ...limits, ...webLimits }))
    if (typeof constants[name] !== 'function' && !INTERNAL.test(name))
      t.ok(
        names.has(name),
        `${name} has a row in docs/reference.md, "Limits" (or is listed as INTERNAL here)`,
      )
})

t.test('the table of evictions names limits that exist', async (t) => {
  const evicted = part('### What is evicted when the relay is full')
  const constants: Record<string, unknown> = { ...limits, ...webLimits, ...KEYS }
  const named = [...evicted.matchAll(/`([A-Z_]{4,}|[a-z]+\.[a-z_]+)`/g)].map(([, name = '']) => name)
  t.ok(named.length > 15)
  for (const name of named) t.ok(Object.hasOwn(constants, name), name)
})
