// What the documents say and what the code does are the same thing.

import { Command } from 'commander'
import t from 'tap'
import { COMMANDS } from '../../src/commands/all.js'
import { describeConfig, KEYS } from '../../src/config/config.js'
import { ERRORS } from '../../src/lib/errors.js'
import type {
  AliasInfo,
  AuditInfo,
  BlockedInfo,
  DoctorCheck,
  DoctorReport,
  InviteInfo,
  KnockInfo,
  MemberInfo,
  Operator,
  SettingsInfo,
} from '../../src/operator/protocol.js'
import { createAccess } from '../../src/peer/access.js'
import { allMethods } from '../../src/peer/methods/all.js'
import { createAttendants } from '../../src/room/attendants.js'
import { createSignInBridge } from '../../src/room/sign-in.js'
import { createTunnels } from '../../src/room/tunnels.js'
import { STATUS } from '../commands/fake-status.js'
import { METHODS } from '../flows/table.js'
import { openTestStore, silentLog } from '../helpers/store.js'
import { json, text } from './files.js'

/** The first cells of a document's table rows that are set as code, under a heading. */
function rows(document: string, heading: string): string[][] {
  const [, ...sections] = document.split(/^#+ /m)
  const section = sections.find((each) => each.startsWith(heading)) ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('| `'))
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

t.test('every error is documented, with its words and its status', async (t) => {
  const documented = rows(text('docs/protocol.md'), 'Errors').map(([code, words, status]) => [
    code,
    words,
    status,
  ])
  const real = Object.entries(ERRORS).map(([code, { words, status }]) => [code, words, String(status)])
  t.same(documented.sort(), real.sort())
})

t.test('every configuration key is documented, with its default', async (t) => {
  const documented = rows(text('docs/operating.md'), 'Configuration').map(([key, value]) => [key, value])
  // the one default that depends on the machine is given for the 64-bit one
  const shown = (key: string, value: unknown): string =>
    key === 'store.max_bytes'
      ? '8589934592'
      : value === null
        ? '–'
        : Array.isArray(value)
          ? JSON.stringify(value)
          : String(value)
  t.same(
    documented,
    Object.entries(KEYS).map(([key, { default: value }]) => [key, shown(key, value)]),
  )
  for (const key of Object.keys(KEYS))
    t.match(describeConfig(), new RegExp(`^#${key.split('.')[1]} = `, 'm'), key)
})

t.test('the npm commands that documents name exist', async (t) => {
  const { scripts } = json('package.json')
  for (const path of ['README.md', 'docs/operating.md', 'docs/architecture.md']) {
    for (const [, run, short] of text(path).matchAll(/npm (?:run (\S+)|(start|test)\b)/g)) {
      const name = (run ?? short ?? '').replace(/[`.,;:)]+$/, '')
      t.ok(scripts[name], `${path}: npm ${name}`)
    }
  }
})

t.test('every command is documented, and every documented command exists', async (t) => {
  const names = COMMANDS.map(([name]) => name)
  const reference = text('docs/reference.md')
  for (const [name, , load] of COMMANDS) {
    const command = new Command(name)
    ;(await load()).define(command)
    const leaves =
      command.commands.length > 0 ? command.commands.map((sub) => `${name} ${sub.name()}`) : [name]
    for (const leaf of leaves)
      t.ok(reference.includes(`tidepool ${leaf}`), `tidepool ${leaf} stands in reference.md`)
  }
  for (const path of ['README.md', 'docs/operating.md', 'docs/reference.md']) {
    for (const [, name = ''] of text(path).matchAll(/(?:^|`|\$ )tidepool ([a-z]+)/gm)) {
      t.ok(names.includes(name), `${path}: tidepool ${name}`)
    }
  }
})

/** What is printed as JSON, as the types have it: a field that is added there is missing here, and does not compile. */
const INVITE: InviteInfo = {
  ...{ id: '', uses: 1, used: 0, note: '', created: 0, expires: 0 },
  ...{ state: 'live', by: 'operator', for: null },
}
const KNOCK: KnockInfo = { id: '', note: '', since: 0, expires: 0 }
const MEMBER: MemberInfo = {
  ...{ id: '', role: 'member', since: 0, by: 'invite', voucher: null, note: '', online: false, seen: null },
  ...{ latest: 0, messages: 0, bytes: 0, forked: false, refused: null },
}
const ENTRY: AuditInfo = { at: 0, who: '', what: '', whom: '', detail: '' }
const ALIAS: AliasInfo = { alias: '', owner: '', since: 0 }
const BLOCKED: BlockedInfo = { id: '', since: 0, reason: '' }
const SETTINGS: SettingsInfo = { name: '', description: '', mode: 'open', set_up: true, setup_token: null }
const CHECK: DoctorCheck = { name: '', ok: true, severity: 'ok', detail: '', advice: null }
const REPORT: DoctorReport = { ok: true, checks: [CHECK] }
const CREATED: Awaited<ReturnType<Operator['inviteCreate']>> = { ...INVITE, code: '', link: '' }

t.test('every field that is printed as JSON is documented', async (t) => {
  const printed: Array<[command: string, value: object]> = [
    ['status', STATUS],
    ['status: addresses', STATUS.addresses],
    ['status: https', STATUS.https],
    ['status: matrix', STATUS.matrix],
    ['members list', MEMBER],
    ['members knocks', KNOCK],
    ['members log', ENTRY],
    ['invite list', INVITE],
    ['invite create', CREATED],
    ['alias list', ALIAS],
    ['block --list', BLOCKED],
    ['setup', SETTINGS],
    ['doctor', REPORT],
    ['doctor: checks', CHECK],
  ]
  t.same(
    rows(text('docs/reference.md'), 'JSON').map(([command, fields]) => [command, fields?.split(', ').sort()]),
    printed.map(([command, value]) => [command, Object.keys(value).sort()]),
  )
})

t.test('links between documents lead somewhere', async (t) => {
  for (const path of [
    'README.md',
    'CHANGELOG.md',
    'docs/operating.md',
    'docs/architecture.md',
    'docs/protocol.md',
    'docs/parity.md',
    'docs/reference.md',
  ]) {
    for (const [, target = ''] of text(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      const from = path.includes('/') ? 'docs/' : ''
      t.doesNotThrow(() => text(`${from}${target}`), `${path}: ${target}`)
    }
  }
})

t.test('every muxrpc method stands in docs/protocol.md as the registry declares it', async (t) => {
  const { store, clock, keys } = await openTestStore(t)
  const access = createAccess(() => 'open')
  const methods = allMethods(access, {
    ...{ store, clock, log: silentLog, own: keys.id },
    attendants: createAttendants(clock),
    tunnels: createTunnels({ total: 1, perPeer: 1, bytes: 1, ms: 1 }),
    signIn: createSignInBridge(clock, keys.id, store.members.has),
    backlog: { asked() {}, sent() {} },
    manifest: () => ({}),
    ...{ address: () => ({ host: 'x', port: 1 }), expiresDays: () => 1, name: () => 'x' },
    ...{ inviteLink: () => '', aliasLink: () => '' },
  })
  const declared = Object.entries(methods).map(([name, { type, access }]) => ({
    name,
    type,
    who: access.words,
  }))
  const documented = text('docs/protocol.md')
    .split('\n')
    .map((line) => line.split(/ (?<!\\)\| /).map((cell) => cell.replace(/^\| | \|$/g, '')))
    .filter(([, type]) => /^(sync|async|source|sink|duplex)$/.test(type ?? ''))
    .flatMap(([names, type, who]) =>
      [...(names ?? '').matchAll(/`([A-Za-z.]+)\(/g)].map(([, name]) => ({
        name,
        type,
        who:
          who?.split(': ')[0] === 'members (restricted'
            ? 'members (restricted: moderators)'
            : who?.split(':')[0],
      })),
    )
  const byName = (list: Array<{ name: string | undefined }>) =>
    [...list].sort((a, b) => String(a.name).localeCompare(String(b.name)))
  t.same(byName(documented), byName(declared))
  t.same(
    Object.keys(METHODS).sort(),
    Object.keys(methods).sort(),
    'the admission table of test/flows/table.ts has every method',
  )
})
