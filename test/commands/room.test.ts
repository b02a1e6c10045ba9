// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands for the room: setup, mode, roles, knocks, directed invites, aliases.

import t from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import type { KnockInfo, SettingsInfo } from '../../src/operator/protocol.js'
import { tidepool } from './invoke.js'
import { operatorStub } from './operator-stub.js'

const ANA = `@${'A'.repeat(43)}=.ed25519`
const BEN = `@${'B'.repeat(42)}A=.ed25519`

const SETTINGS: SettingsInfo = {
  name: 'Rock pool',
  description: 'For people who like\u001b[31m limpets.',
  mode: 'open',
  ebt: false,
  set_up: true,
  setup_token: null,
  local_claim_s: null,
}
const FRESH: SettingsInfo = { ...SETTINGS, name: '', description: '', set_up: false, setup_token: 'oyster' }

t.test('setup: show the link, set the answers, change one', async (t) => {
  let settings = FRESH
  const { dataDir, calls } = await operatorStub(t, {
    settings: () => settings,
    status: () => ({ addresses: { web: 'http://127.0.0.1:8080' } }),
    setup: (answers) => {
      settings = { ...SETTINGS, ...(answers as object) }
      return settings
    },
  })
  const asked = await tidepool('setup', '--data', dataDir)
  t.match(asked.stdout, /^This room is not set up yet\.\n {2}name +-\n/)
  t.match(asked.stdout, /set-up +http:\/\/127\.0\.0\.1:8080\/setup\?token=oyster\n$/)
  t.same(JSON.parse((await tidepool('setup', '--json', '--data', dataDir)).stdout), FRESH)
  const link = 'http://127.0.0.1:8080/setup?token=oyster\n'
  t.equal((await tidepool('setup', '--qr', '--data', dataDir)).stdout, link, 'alone in a pipe')
  t.match(await tidepool('setup', '--admin', ANA, '--data', dataDir), {
    code: 1,
    stderr: /the room has no name yet \(bad_argument\)\n {2}next: add --name TEXT\n$/,
  })
  calls.length = 0
  const done = await tidepool('setup', '--name', 'Rock pool', '--admin', ANA, '--data', dataDir)
  t.match(
    done.stdout,
    /^This room is set up\.\n {2}name +Rock pool\n {2}description +-\n {2}mode +open\n {2}ebt +off.*\n {2}admin +@AAA.*\n$/,
  )
  await tidepool('setup', '--description', 'Limpets.', '--data', dataDir)
  const seated = await tidepool('setup', '--admin', ANA, '--data', dataDir)
  t.match(seated.stdout, /\n {2}admin +@AAA\S+ is now a member and an admin\n$/)
  t.match(JSON.parse((await tidepool('setup', '--admin', ANA, '--json', '--data', dataDir)).stdout), {
    admin: ANA,
  })
  t.same(
    calls.filter(([method]) => method === 'setup'),
    [
      ['setup', { name: 'Rock pool', description: '', admin: ANA }],
      ['setup', { name: 'Rock pool', description: 'Limpets.' }],
      ['setup', { name: 'Rock pool', description: 'Limpets.', admin: ANA }],
      ['setup', { name: 'Rock pool', description: 'Limpets.', admin: ANA }],
    ],
  )
  settings = SETTINGS
  t.notMatch((await tidepool('setup', '--data', dataDir)).stdout, '\u001b')
})

t.test('mode: show, change, reject an unknown one', async (t) => {
  let mode: SettingsInfo['mode'] = 'open'
  const { dataDir, calls } = await operatorStub(t, {
    settings: () => ({ ...SETTINGS, mode }),
    mode: (wanted) => {
      mode = wanted as SettingsInfo['mode']
      return { ...SETTINGS, mode }
    },
  })
  t.match((await tidepool('mode', '--data', dataDir)).stdout, /^open: .+\n$/)
  t.match((await tidepool('mode', 'community', '--data', dataDir)).stdout, /^community: .*knock/)
  const json = await tidepool('mode', 'restricted', '--json', '--data', dataDir)
  t.same(JSON.parse(json.stdout), { mode: 'restricted' })
  t.same(
    calls.map(([method, ...args]) => [method, ...args]),
    [['settings'], ['mode', 'community'], ['mode', 'restricted']],
  )
  for (const wrong of ['closed', 'OPEN', ''])
    t.match(await tidepool('mode', wrong, '--data', dataDir), {
      code: 2,
      stderr: /open, community, restricted/,
    })
})

t.test('members role, knocks, accept, decline', async (t) => {
  let knocks: KnockInfo[] = [
    {
      id: BEN,
      name: null,
      note: 'Ben\nfrom\u001b[2J the pier',
      since: Date.now() - 7_200_000,
      expires: Date.now() + 5e8,
    },
  ]
  const { dataDir, calls } = await operatorStub(t, {
    knocksList: () => knocks,
    knockAccept: () => ({ key: '%x' }),
  })
  const list = await tidepool('members', 'knocks', '--data', dataDir)
  t.match(list.stdout, /^ID +SINCE +EXPIRES +NOTE\n@BBB\S+ +2 h ago .* in 6 d .*Ben from \[2J the pier\n$/)
  t.same(JSON.parse((await tidepool('members', 'knocks', '--json', '--data', dataDir)).stdout), knocks)
  knocks = []
  t.equal((await tidepool('members', 'knocks', '--data', dataDir)).stdout, 'No requests to join.\n')
  calls.length = 0
  t.match((await tidepool('members', 'accept', BEN, '--data', dataDir)).stdout, /^@BBB\S+ is now a member/)
  t.same(JSON.parse((await tidepool('members', 'accept', BEN, '--json', '--data', dataDir)).stdout), {
    key: '%x',
  })
  t.match((await tidepool('members', 'decline', BEN, '--data', dataDir)).stdout, /^Declined @BBB/)
  t.same(JSON.parse((await tidepool('members', 'decline', BEN, '--json', '--data', dataDir)).stdout), {
    declined: BEN,
  })
  t.match((await tidepool('members', 'role', ANA, 'admin', '--data', dataDir)).stdout, /is now an admin/)
  t.match((await tidepool('members', 'role', ANA, 'member', '--data', dataDir)).stdout, /is now a member/)
  t.same(
    JSON.parse((await tidepool('members', 'role', ANA, 'moderator', '--json', '--data', dataDir)).stdout),
    {
      id: ANA,
      role: 'moderator',
    },
  )
  t.same(calls, [
    ['knockAccept', BEN],
    ['knockAccept', BEN],
    ['knockDecline', BEN],
    ['knockDecline', BEN],
    ['membersRole', ANA, 'admin'],
    ['membersRole', ANA, 'member'],
    ['membersRole', ANA, 'moderator'],
  ])
  for (const args of [['role', ANA], ['role', ANA, 'king'], ['accept'], ['decline'], ['knocks', ANA]])
    t.match(
      await tidepool('members', ...args, '--data', dataDir),
      { code: 2, stderr: /\(usage\)/ },
      args.join(' '),
    )
})

t.test('members link and log', async (t) => {
  const expires = Date.UTC(2030, 0, 2, 3, 4, 5)
  const link = { url: 'http://pool.example/login/link?token=x', expires }
  const entry = {
    at: Date.now() - 60_000,
    ...{ who: ANA, who_name: 'Ana \u001b[31mM', what: 'feed.block' },
    ...{ whom: BEN, whom_name: null, detail: 'loud\u001b[2J' },
  }
  let entries = [entry]
  const { dataDir, calls } = await operatorStub(t, { membersLink: () => link, audit: () => entries })
  const told = await tidepool('members', 'link', ANA, '--data', dataDir)
  t.equal(told.stdout.split('\n')[0], link.url, 'the link alone on its line')
  t.match(told.stdout, '2030-01-02T03:04:05')
  t.same(JSON.parse((await tidepool('members', 'link', ANA, '--json', '--data', dataDir)).stdout), link)
  const log = await tidepool('members', 'log', '--count', '10000', '--data', dataDir)
  t.match(
    log.stdout,
    /^WHEN +BY +ACTION +SUBJECT +DETAIL\n1 min ago .* {2}Ana \[31mM @AAA\S+ +feed\.block +@BBB\S+ +loud \[2J\n$/,
  )
  t.same(JSON.parse((await tidepool('members', 'log', '--json', '--data', dataDir)).stdout), entries)
  entries = []
  t.equal((await tidepool('members', 'log', '--data', dataDir)).stdout, 'The audit log is empty.\n')
  t.same(calls, [
    ['membersLink', ANA],
    ['membersLink', ANA],
    ['audit', 10_000],
    ['audit', 100],
    ['audit', 100],
  ])
  for (const args of [['link'], ['log', ANA], ['log', '--count', '10001']])
    t.match(await tidepool('members', ...args, '--data', dataDir), { code: 2, stderr: /\(usage\)/ })
})

t.test('an invite for one feed', async (t) => {
  const invite = {
    id: BEN,
    state: 'live',
    by: ANA,
    used: 0,
    uses: 1,
    expires: Date.now() + 6e8,
    note: '',
    for: ANA,
  }
  const { dataDir, calls } = await operatorStub(t, {
    inviteCreate: () => ({ ...invite, code: 'h:1:@k~s' }),
    inviteList: () => [invite],
  })
  t.equal((await tidepool('invite', 'create', '--for', ANA, '--data', dataDir)).stdout, 'h:1:@k~s\n')
  t.same(calls, [['inviteCreate', { for: ANA }]])
  t.match(
    (await tidepool('invite', 'list', '--data', dataDir)).stdout,
    new RegExp(`live.*${ANA.replace('+', '.')}\n$`),
  )
})

t.test('alias: list, revoke, and an unknown one', async (t) => {
  const aliases = [{ alias: 'bob', owner: BEN, since: 0 }]
  const { dataDir, calls } = await operatorStub(t, {
    aliasList: () => aliases,
    aliasRevoke: (alias) => {
      if (alias !== 'bob') throw new RelayError('not_found')
      aliases.length = 0
    },
  })
  t.match((await tidepool('alias', 'list', '--data', dataDir)).stdout, /^ALIAS .*\nbob +@BBB/)
  t.same(JSON.parse((await tidepool('alias', 'list', '--json', '--data', dataDir)).stdout), aliases)
  t.equal((await tidepool('alias', 'revoke', 'bob', '--data', dataDir)).stdout, 'Revoked the alias bob.\n')
  t.same(calls.at(-1), ['aliasRevoke', 'bob'])
  t.match((await tidepool('alias', 'list', '--data', dataDir)).stdout, /^No aliases yet/)
  const absent = await tidepool('alias', 'revoke', 'eve', '--data', dataDir)
  t.not(absent.code, 0)
  t.match(absent.stderr, /not found|no such/i)
})

t.test('question: set with its answers, list, remove', async (t) => {
  const boat = { language: 'en', text: 'Which boat?', answers: ['Limpet', 'the Limpet'], picture: true }
  const { dataDir, calls } = await operatorStub(t, {
    questionList: () => [boat],
    questionSet: () => [boat],
    questionRemove: (language) => {
      if (language !== 'en') throw new RelayError('not_found')
      return []
    },
  })
  const run = (...args: string[]) => tidepool('question', ...args, '--data', dataDir)
  const set = await run('set', 'Which boat?', '--answer', 'Limpet', '--answer', 'the Limpet', '--picture')
  t.match(set.stdout, /\nen +Which boat\? +Limpet, the Limpet\nNewcomers can solve the picture instead\.\n$/)
  t.same(calls.at(-1), ['questionSet', boat])
  await run('set', 'Welches Boot?', '--answer', 'Napf', '--language', 'de')
  t.same(
    calls.at(-1)?.[1],
    { language: 'de', text: 'Welches Boot?', answers: ['Napf'] },
    'the picture stays as it is',
  )
  await run('set', 'Which boat?', '--answer', 'Limpet', '--no-picture')
  t.match(calls.at(-1)?.[1], { picture: false })
  t.same(JSON.parse((await run('list', '--json')).stdout), [boat])
  t.match(await run('set', 'Which boat?'), { code: 2, stderr: /--answer/ })
  t.match((await run('remove', 'en')).stdout, /^No questions\./)
  t.match(await run('remove', 'de'), { code: 1, stderr: /tidepool question list/ })
})

t.test('notice: set from a file or stdin, list, show, remove', async (t) => {
  const dir = t.testdir({ 'rules.md': 'Be **kind**.\n' })
  const rules = { name: 'rules', language: 'en', first: true, title: 'House rules', changed: Date.now() }
  const { dataDir, calls } = await operatorStub(t, {
    noticeList: () => [rules],
    noticeSet: () => [rules, { ...rules, language: '', title: 'Hausregeln' }],
    noticeGet: (name) => {
      if (name !== 'rules') throw new RelayError('not_found')
      return { ...rules, text: 'Be kind.', by: 'operator' }
    },
    noticeRemove: () => [],
  })
  const run = (...args: string[]) => tidepool('notice', ...args, '--data', dataDir)
  const set = await run('set', 'rules', 'House rules', '--file', `${dir}/rules.md`)
  t.match(set.stdout, /rules +en .*House rules\nrules +- .*Hausregeln\n/)
  const given = { name: 'rules', title: 'House rules', text: 'Be **kind**.' }
  t.same(calls.at(-1), ['noticeSet', given])
  await run('set', 'rules', 'House rules', '--file', `${dir}/rules.md`, '--language', 'en', '--first')
  t.same(calls.at(-1), ['noticeSet', { ...given, language: 'en', first: true }])
  t.match(await run('set', 'rules', 'x'), { code: 2, stderr: /--file/ })
  t.match(await run('set', 'rules', 'x', '--file', `${dir}/none`), { code: 1, stderr: /cannot read/ })
  t.same(JSON.parse((await run('list', '--json')).stdout), [rules])
  t.equal((await run('show', 'rules')).stdout, 'Be kind.\n')
  t.match(await run('show', 'rule'), { code: 1, stderr: /tidepool notice list/ })
  t.match((await run('remove', 'rules', '--language', 'de')).stdout, /^No notices\./)
  t.same(calls.at(-1), ['noticeRemove', 'rules', 'de'])
})
