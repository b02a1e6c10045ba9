// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands: calls to the relay, output as text and JSON, errors, help.

import { Command } from 'commander'
import t from 'tap'
import { COMMANDS } from '../../src/commands/all.js'
import { displayWidth } from '../../src/commands/text-layout.js'
import { RelayError } from '../../src/lib/errors.js'
import type { InviteInfo, MemberInfo, RelayStatus } from '../../src/operator/protocol.js'
import { STATUS as NOBODY } from './fake-status.js'
import { tidepool } from './invoke.js'
import { operatorStub, shortDir } from './operator-stub.js'

const ANA = `@${'A'.repeat(43)}=.ed25519`
const BEN = `@${'B'.repeat(42)}A=.ed25519`
const CODE = `relay.example.org:8008:${ANA}~${'s'.repeat(43)}=`

const STATUS: RelayStatus = {
  ...NOBODY,
  id: ANA,
  pid: 4711,
  version: '9.9.9',
  name: 'harbour',
  uptime_s: 7200,
  addresses: { ...NOBODY.addresses, ssb: ['net:h:8008~shs:k'], web: 'http://127.0.0.1:8080' },
  members: 2,
  online: 1,
  feeds: 3,
  messages: 42,
  message_bytes: 2 * 1024 * 1024,
  db_bytes: 3 * 1024 * 1024,
  rss_bytes: 60 * 1024 * 1024,
}

const INVITE: InviteInfo = {
  id: BEN,
  uses: 5,
  used: 2,
  note: 'for the \u001b[31mmeetup\nin May',
  created: Date.now(),
  expires: Date.now() + 6.5 * 86_400_000,
  state: 'live',
  by: 'operator',
  for: null,
}

const MEMBER: MemberInfo = {
  id: ANA,
  name: 'Ana \u001b[31mMaría',
  role: 'member',
  since: Date.now() - 3 * 3_600_000,
  by: 'invite',
  voucher: null,
  note: '',
  online: true,
  shared: false,
  seen: Date.now() - 60_000,
  latest: 12,
  messages: 12,
  bytes: 2048,
  forked: false,
  refused: null,
}

t.test('status', async (t) => {
  const warnings = ['the disk has 9 MiB left']
  const { dataDir } = await operatorStub(t, {
    status: () => ({ ...STATUS, warnings }),
    metrics: () => '# EOF\n',
  })
  const text = await tidepool('status', '--data', dataDir)
  t.equal(text.code, 0)
  for (const part of [
    ANA,
    '4711',
    'up +2 h',
    'net:h:8008~shs:k',
    '2 \\(1 online\\)',
    '42 messages of 3 feeds',
    '2.0 MiB of 8.0 GiB; the database file has 3.0 MiB',
    '3.0 MiB',
    '^warning: the disk has 9 MiB left$',
  ]) {
    t.match(text.stdout, new RegExp(part, 'm'))
  }
  t.same(JSON.parse((await tidepool('status', '--json', '--data', dataDir)).stdout), { ...STATUS, warnings })
  t.equal((await tidepool('status', '--metrics', '--data', dataDir)).stdout, '# EOF\n')
  t.equal((await tidepool('status', '--qr', '--data', dataDir)).stdout, 'net:h:8008~shs:k\n')
  t.match(await tidepool('status', '--qr', '--json', '--data', dataDir), {
    code: 2,
    stderr: /cannot be used with/,
  })
})

t.test('status of a certificate', async (t) => {
  const https = {
    ...{
      state: 'not_yet_valid' as const,
      source: 'acme' as const,
      issuer: 'Rock\u001b[2J CA',
      http_port: 80,
    },
    ...{ expires: Date.UTC(2026, 3, 10, 12, 30), renews: Date.UTC(2026, 2, 11), reason: 'the clock' },
  }
  const { dataDir } = await operatorStub(t, { status: () => ({ ...STATUS, https }) })
  const { stdout } = await tidepool('status', '--data', dataDir)
  const lines = stdout.split('\n').map((line) => line.trim())
  const first = lines.findIndex((line) => line.startsWith('https'))
  t.match(lines.slice(first, first + 4), [
    /^https +not yet valid$/,
    'issued by Rock [2J CA, expires 2026-04-10 12:30',
    'next renewal 2026-03-11 00:00',
    'problem: the clock',
  ])
})

const LINK = 'https://pool.example/join?invite=token'

t.test('invite create prints the code alone, or the link', async (t) => {
  const { dataDir, calls } = await operatorStub(t, {
    inviteCreate: () => ({ ...INVITE, code: CODE, link: LINK }),
  })
  t.same(await tidepool('invite', 'create', '--link', '--data', dataDir), {
    code: 0,
    stdout: `${LINK}\n`,
    stderr: '',
  })
  t.same(await tidepool('invite', 'create', '--data', dataDir), { code: 0, stdout: `${CODE}\n`, stderr: '' })
  const all = ['--uses', '5', '--note', 'May', '--expires-days', '1.5', '--host', 'h.onion']
  const json = await tidepool('invite', 'create', ...all, '--json', '--data', dataDir)
  t.equal(JSON.parse(json.stdout).code, CODE)
  t.same(calls, [
    ['inviteCreate', {}],
    ['inviteCreate', {}],
    ['inviteCreate', { uses: 5, note: 'May', expires_days: 1.5, host: 'h.onion' }],
  ])
})

t.test('a code or link that works on this machine or network only is printed with a note', async (t) => {
  for (const origin of ['http://127.0.0.1:8080', 'http://[::1]:8080']) {
    const link = `${origin}/join?invite=token`
    const { dataDir } = await operatorStub(t, { inviteCreate: () => ({ ...INVITE, code: CODE, link }) })
    t.match(await tidepool('invite', 'create', '--link', '--data', dataDir), {
      stdout: `${link}\n`,
      stderr: /^Only this machine can use this link: it names (127\.0\.0\.1|::1)\. Set .*\n$/,
    })
    t.match(await tidepool('invite', 'create', '--json', '--data', dataDir), { stderr: '' })
  }
  for (const [host, stderr] of [
    ['127.0.0.1', /^Only this machine can use this code: it names 127\.0\.0\.1\./],
    ['::1', /^Only this machine can use this code: it names ::1\./],
    ['192.168.1.7', /^Only the local network can use this code: it names 192\.168\.1\.7\./],
    ['relay.example.org', /^$/],
  ] as const) {
    const code = `${host}:8008:${ANA}~${'s'.repeat(43)}=`
    const { dataDir } = await operatorStub(t, { inviteCreate: () => ({ ...INVITE, code, link: LINK }) })
    t.match(
      await tidepool('invite', 'create', '--data', dataDir),
      { code: 0, stdout: `${code}\n`, stderr },
      host,
    )
  }
})

t.test('invite list and revoke', async (t) => {
  let invites = [INVITE, { ...INVITE, id: ANA, state: 'used up' as const, by: BEN }]
  const { dataDir, calls } = await operatorStub(t, { inviteList: () => invites, inviteRevoke: () => INVITE })
  const { stdout } = await tidepool('invite', 'list', '--data', dataDir)
  const [head = '', first = '', second = ''] = stdout.split('\n')
  t.equal(head.indexOf('STATE'), first.indexOf('live'), 'columns stand under their headings')
  t.equal(head.indexOf('STATE'), second.indexOf('used up'))
  t.match(
    first,
    /2 of 5 +in 6 d \(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\) {2}operator +anyone +for the \[31mmeetup in May$/,
  )
  t.match(second, /Z\) {2}@BBB\S+ +anyone/, 'without a terminal, ids are whole')
  t.notMatch(stdout, '\u001b', 'a note does not paint on the terminal')
  t.same(JSON.parse((await tidepool('invite', 'list', '--json', '--data', dataDir)).stdout), invites)
  invites = []
  t.match((await tidepool('invite', 'list', '--data', dataDir)).stdout, /^No invites yet/)
  t.match(
    (await tidepool('invite', 'revoke', BEN, '--data', dataDir)).stdout,
    /^Revoked @BBB.*used by 2 people\.$/m,
  )
  t.same(JSON.parse((await tidepool('invite', 'revoke', BEN, '--json', '--data', dataDir)).stdout), INVITE)
  t.same(calls.at(-1), ['inviteRevoke', BEN])
})

t.test('members', async (t) => {
  let members: MemberInfo[] = [
    MEMBER,
    { ...MEMBER, online: false, seen: null },
    { ...MEMBER, online: false, seen: Date.now() - 2 * 86_400_000 - 5000 },
    { ...MEMBER, id: BEN, by: 'voucher', voucher: ANA, online: false, forked: true },
  ]
  const message = { key: '%x', value: { sequence: 1 } }
  const { dataDir, calls } = await operatorStub(t, {
    membersList: () => members,
    membersAdd: () => message,
    membersRemove: () => message,
    membersReset: () => ({ messages: 21 }),
  })
  const list = await tidepool('members', 'list', '--data', dataDir)
  t.match(list.stdout, /online +3 h ago \(.*invite +12 +2\.0 KiB/)
  t.match(list.stdout, /member +never +3 h ago/)
  t.match(list.stdout, /member +2 d ago +3 h ago/)
  t.match(list.stdout, new RegExp(`${ANA} +12`), 'the member that vouched')
  t.ok(list.stdout.includes(`\nForked feed: ${BEN}\n  next: tidepool members reset '${BEN}'\n`))
  t.same(JSON.parse((await tidepool('members', 'list', '--json', '--data', dataDir)).stdout), members)
  members = []
  t.match((await tidepool('members', 'list', '--data', dataDir)).stdout, /^No members yet/)
  calls.length = 0
  t.match(
    (await tidepool('members', 'add', ANA, '--note', 'Ana', '--data', dataDir)).stdout,
    /now follows @AAA/,
  )
  t.match((await tidepool('members', 'add', ANA, '--data', dataDir)).code, 0)
  t.match((await tidepool('members', 'remove', ANA, '--data', dataDir)).stdout, /no longer follows @AAA/)
  t.same(JSON.parse((await tidepool('members', 'remove', ANA, '--json', '--data', dataDir)).stdout), message)
  t.same(JSON.parse((await tidepool('members', 'add', ANA, '--json', '--data', dataDir)).stdout), message)
  t.same(calls.slice(0, 3), [
    ['membersAdd', ANA, 'Ana'],
    ['membersAdd', ANA],
    ['membersRemove', ANA],
  ])
  t.match((await tidepool('members', 'reset', ANA, '--data', dataDir)).stdout, /^Deleted 21 messages of @AAA/)
  t.same(JSON.parse((await tidepool('members', 'reset', ANA, '--json', '--data', dataDir)).stdout), {
    id: ANA,
    messages: 21,
  })
  t.same(calls.at(-1), ['membersReset', ANA])
})

t.test('block and unblock', async (t) => {
  let already = false
  let blocked = [{ id: BEN, since: Date.now(), reason: 'spam' }]
  const { dataDir, calls } = await operatorStub(t, {
    blockedList: () => blocked,
    block: () => ({ already }),
  })
  t.match((await tidepool('block', BEN, '--reason', 'spam', '--data', dataDir)).stdout, /^Blocked @BBB/)
  const json = async (...args: string[]) =>
    JSON.parse((await tidepool(...args, '--json', '--data', dataDir)).stdout)
  t.same(await json('block', BEN), { blocked: BEN, already: false })
  t.match((await tidepool('unblock', BEN, '--data', dataDir)).stdout, /no longer blocked/)
  t.same(await json('unblock', BEN), { unblocked: BEN })
  t.same(calls, [
    ['block', BEN, 'spam'],
    ['block', BEN],
    ['unblock', BEN],
    ['unblock', BEN],
  ])
  already = true
  t.match((await tidepool('block', BEN, '--data', dataDir)).stdout, /was already blocked\.\n$/)
  t.match(
    (await tidepool('block', BEN, '--reason', 'x', '--data', dataDir)).stdout,
    /already blocked\. The reason is changed/,
  )
  t.same(await json('block', BEN), { blocked: BEN, already: true })
  t.match((await tidepool('block', '--list', '--data', dataDir)).stdout, /@BBB.* spam\n$/)
  t.same(JSON.parse((await tidepool('block', '--list', '--json', '--data', dataDir)).stdout), blocked)
  blocked = []
  t.equal((await tidepool('block', '--list', '--data', dataDir)).stdout, 'No blocked feeds.\n')
  t.equal((await tidepool('block', '--data', dataDir)).code, 2)
  t.equal((await tidepool('block', BEN, '--list', '--data', dataDir)).code, 2)
})

t.test('doctor ends with 1 when something is wrong', async (t) => {
  let severity = 'ok'
  const found = () => ({ name: 'rebuild', detail: 'as it was', severity, ok: severity !== 'error' })
  const { dataDir, calls } = await operatorStub(t, {
    status: () => STATUS,
    doctor: () => ({ checks: [{ ...found(), advice: severity === 'ok' ? null : 'make room' }] }),
  })
  const doctor = (...more: string[]) => tidepool('doctor', '--data', dataDir, ...more)
  const { stdout } = await doctor()
  t.match(stdout, /^ok +rebuild +as it was$/m)
  severity = 'warning'
  t.match((await doctor()).stdout, /warn +rebuild +as it was\n.*\nrebuild: as it was\n {2}next: make room\n/s)
  severity = 'error'
  t.match(await doctor('--rebuild'), { code: 1, stdout: /BAD +rebuild.* to solve/s })
  t.match(await doctor('--json'), { code: 1, stdout: /"ok": false/ })
  t.same(
    calls.filter(([name]) => name === 'doctor'),
    [false, false, true, false].map((rebuild) => ['doctor', { rebuild }]),
  )
  t.match(await doctor('--watch', '1'), { code: 1, stdout: /BAD +rebuild.* to solve/s })
  t.match(await tidepool('doctor', '--watch', '--data', shortDir(t)), { code: 1, stdout: /no relay runs/ })
  t.equal((await doctor('--watch', '0')).code, 2)
})

t.test('failures: one line with the code, one line that helps', async (t) => {
  const { dataDir } = await operatorStub(t, {
    membersAdd: () => {
      throw new RelayError('already_following')
    },
    status: () => {
      throw new TypeError('x is not a function')
    },
  })
  const known = await tidepool('members', 'add', ANA, '--data', dataDir)
  t.match(known, {
    code: 1,
    stdout: '',
    stderr: /^tidepool: already following \(already_following\)\n {2}next: .+\n$/,
  })
  const surprise = await tidepool('status', '--data', dataDir)
  t.match(surprise, {
    code: 1,
    stdout: '',
    stderr: /^tidepool: internal error \(internal\)\n {2}next: .+\n$/,
  })
  const alone = await tidepool('status', '--data', shortDir(t))
  t.match(alone, {
    code: 1,
    stdout: '',
    stderr: /^tidepool: no relay is running: .*\n {2}next: start it with: tidepool start/,
  })
})

t.test('usage errors exit with 2 and name the help', async (t) => {
  const wrong = [
    ['nonsense'],
    ['status', '--bogus'],
    ['status', 'extra'],
    ['invite', 'creat'],
    ['invite', 'create', '--uses', '0'],
    ['invite', 'create', '--uses', '1.5'],
    ['invite', 'create', '--uses', '1e9'],
    ['invite', 'create', '--uses', 'NaN'],
    ['invite', 'create', '--expires-days', '-1'],
    ['invite', 'revoke'],
    ['members', 'add'],
    ['start', '--set'],
  ]
  for (const args of wrong) {
    const ran = await tidepool(...args)
    t.match(
      ran,
      { code: 2, stdout: '', stderr: /^tidepool: .+ \(usage\)\n {2}next: tidepool .*--help\n$/ },
      args.join(' '),
    )
  }
  for (const [args, sub] of [
    [['invite', 'create', '--uses', '0'], 'invite create'],
    [['members', 'log', '--count', '0'], 'members log'],
    [['onion', 'import'], 'onion import'],
  ] as const)
    t.match((await tidepool(...args)).stderr, `next: tidepool ${sub} --help\n`)
  const brief = await tidepool('invite', 'create', '--expires-days', '0.0001')
  t.match(brief.stderr, 'It must be a number of days from 1/1440 (a minute) to 3650.')
  t.match((await tidepool('statsu')).stderr, /Did you mean status/)
  t.match(await tidepool(), { code: 2, stderr: /Usage: tidepool/ })
})

t.test('help for an unknown command is a usage error', async (t) => {
  for (const [args, wanted] of [
    [['help', 'foo'], 'foo'],
    [['help', 'members', 'nope'], 'nope'],
    [['members', 'help', 'nope'], 'nope'],
  ] as const)
    t.match(await tidepool(...args), { code: 2, stdout: '', stderr: `unknown command '${wanted}'` })
  for (const args of [
    ['help', 'members', 'log'],
    ['members', 'help', 'log'],
  ])
    t.match(await tidepool(...args), { code: 0, stdout: /^Usage: tidepool members log / })
  t.match(await tidepool('members', 'help'), { code: 0, stdout: /^Usage: tidepool members / })
  t.match(await tidepool('help'), { code: 0, stdout: /^Usage: tidepool \[/ })
  t.match(await tidepool('help', 'block', 'x'), { code: 0, stdout: /^Usage: tidepool block / })
})

t.test('status tells why the onion address is not up', async (t) => {
  const address = `${'a'.repeat(56)}.onion`
  const states: Array<[onion: RelayStatus['onion'], lines: RegExp[]]> = [
    [{ state: 'disabled' }, [/^onion +disabled; .*onion\.enabled = true$/]],
    [
      { state: 'bootstrapping', progress: 45, since: Date.now() - 90_000, address, reason: 'no route' },
      [
        /^onion +not up yet: tor is connecting to its network, 45 % \(since 1 min ago .*\)$/,
        /^http:\/\/a{56}\.onion\/$/,
        /^problem: no route$/,
      ],
    ],
    [{ state: 'reachable', address }, [/^onion +reachable$/, /^http:\/\/a{56}\.onion\/$/]],
  ]
  for (const [onion, lines] of states) {
    const { dataDir } = await operatorStub(t, { status: () => ({ ...STATUS, onion }) })
    const printed = (await tidepool('status', '--data', dataDir)).stdout
      .split('\n')
      .map((line) => line.trim())
    const first = printed.findIndex((line) => line.startsWith('onion'))
    t.match(printed.slice(first, first + lines.length), lines, onion.state)
  }
})

t.test('every help text fits 80 columns and has an example', async (t) => {
  const names = [[]] as string[][]
  for (const [name, , load] of COMMANDS) {
    const command = new Command(name)
    ;(await load()).define(command)
    names.push([name], ...command.commands.map((sub) => [name, sub.name()]))
  }
  for (const name of names) {
    const { code, stdout } = await tidepool(...name, '--help')
    const wide = stdout.split('\n').filter((line) => displayWidth(line) > 80)
    const called = ['tidepool', ...name].join(' ')
    t.same(wide, [], called)
    t.match({ code, stdout }, { code: 0, stdout: new RegExp(`Examples:\n(.*\n)*?  .*${called}`) }, called)
  }
})

t.test('every command explains itself with examples', async (t) => {
  for (const [name, about] of COMMANDS) {
    for (const args of [
      [name, '--help'],
      ['help', name],
    ]) {
      const { code, stdout } = await tidepool(...args)
      t.equal(code, 0)
      t.ok(stdout.includes(about) && stdout.includes(`Usage: tidepool ${name}`), args.join(' '))
      t.match(stdout, new RegExp(`Examples:\n  tidepool ${name}`))
    }
    t.ok((await tidepool('--help')).stdout.includes(about))
  }
  t.match((await tidepool('block', '--help')).stdout, /delete its messages.* does not restore/s)
  t.match((await tidepool('members', 'remove', '--help')).stdout, /stay on disk.*block" deletes them/s)
  for (const asked of ['--version', '-V', 'version'])
    t.match(await tidepool(asked), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ }, asked)
})
