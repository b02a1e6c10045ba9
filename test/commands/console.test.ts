// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool console: the text for a board's screen, its width, its QR code, and what agetty reads.

import t from 'tap'
import { type ConsoleFacts, consoleFacts, consoleText, linkText } from '../../src/commands/console.js'
import { blockLines, drawModules, qrModules } from '../../src/commands/qr.js'
import type { RelayStatus, SettingsInfo } from '../../src/operator/protocol.js'
import { bootRelay } from '../helpers/relay.js'
import { STATUS } from './fake-status.js'
import { tidepool } from './invoke.js'
import { operatorStub, shortDir } from './operator-stub.js'

const TOKEN = 'a1B2c3D4e5F6g7H8i9J0kk'
const FRESH: SettingsInfo = {
  ...{ name: '', description: '', mode: 'open', ebt: false, set_up: false },
  ...{ setup_token: TOKEN, local_claim_s: 3600 },
}
const DONE: SettingsInfo = {
  ...FRESH,
  name: 'Rock pool',
  set_up: true,
  setup_token: null,
  local_claim_s: null,
}
const OWN = { addresses: ['192.168.178.101', '10.0.0.7'], names: ['reef', 'reef.local', 'tidepool.local'] }
const ONION = `http://${'a2'.repeat(28)}.onion/`

const statusWith = (addresses: Partial<RelayStatus['addresses']>, more: Partial<RelayStatus> = {}) => ({
  ...{ ...STATUS, name: '', ...more },
  addresses: { ...STATUS.addresses, ...addresses },
})

const LOCAL = statusWith({ local: 'http://192.168.178.101' }, { onion: { state: 'bootstrapping' } })

t.test('before set-up: the link by an address, and where no token is needed', async (t) => {
  const facts = consoleFacts(LOCAL, FRESH, OWN)
  t.equal(facts.setup_link, `http://192.168.178.101/setup?token=${TOKEN}`, 'not by a name others may have')
  t.same(linkText(facts), [
    'Tidepool is not set up yet.',
    'Open this link on this network, or scan the code:',
    `  http://192.168.178.101/setup?token=${TOKEN}`,
  ])
  t.same(consoleText(facts), [
    'In the first hour after each start these pages need no token:',
    '  http://192.168.178.101',
    '  http://10.0.0.7',
    '  http://reef.local',
    'The onion address is not up yet: bootstrapping.',
  ])
  const off = consoleText(consoleFacts(LOCAL, { ...FRESH, local_claim_s: null }, OWN))
  t.ok(off.includes('Pages on this network:'))
  t.notMatch(off.join(), 'no token')
  const port = consoleFacts(statusWith({ local: 'http://192.168.178.101:8880' }), FRESH, OWN)
  t.same(port.local.at(-1), 'http://reef.local:8880')
})

t.test('after it: addresses and warnings', async (t) => {
  const status = statusWith(
    { local: 'http://10.0.0.7', onion: ONION, https: 'https://pool.example' },
    { name: 'Rock\u001b[31m pool', warnings: ['the disk has 12 MiB left:\nwithout room'] },
  )
  const facts = consoleFacts(status, DONE, OWN)
  t.equal(facts.setup_link, null)
  t.same(linkText(facts), [])
  t.same(consoleText(facts), [
    'Rock [31m pool is set up.',
    'Pages on this network:',
    ...['  http://192.168.178.101', '  http://10.0.0.7', '  http://reef.local'],
    'Pages from everywhere:',
    '  https://pool.example',
    'Pages from everywhere, with Tor Browser:',
    `  ${ONION}`,
    'Warning: the disk has 12 MiB left: without room',
  ])
})

t.test('without a network, and without the pages for it', async (t) => {
  const alone = { ...OWN, addresses: [] }
  const cut = consoleFacts(statusWith({ local: 'http://127.0.0.1' }), FRESH, alone)
  t.match(cut, { local: ['http://127.0.0.1'], has_network: false })
  t.match(consoleText(cut).at(-1), /^This machine has no address/)
  const off = consoleFacts(statusWith({}), { ...FRESH, local_claim_s: null }, OWN)
  t.equal(off.setup_link, `http://127.0.0.1:8080/setup?token=${TOKEN}`)
  t.match(linkText(off).join(), 'Open this link on this machine')
})

t.test('the text fits 80 columns, and the code 25 rows, without escape sequences', async (t) => {
  const settings: SettingsInfo = { ...FRESH, name: `\\n${'水'.repeat(60)}\\4` }
  const stub = await operatorStub(t, {
    settings: () => settings,
    status: () =>
      statusWith(
        { local: 'http://127.0.0.1:65535' },
        { name: settings.name, warnings: ['a\\b', 'w '.repeat(200)] },
      ),
  })
  const { stdout, stderr, code } = await tidepool('console', '--data', stub.dataDir)
  t.match([stderr, code], ['', 0])
  t.notMatch(stdout, '\u001b')
  const lines = stdout.split('\n')
  for (const line of lines) t.ok([...line].length <= 80, line)
  t.ok(
    lines.every((line) => !/(?<!\\)(?:\\\\)*\\(?!\\)/.test(line)),
    'agetty finds no command',
  )
  t.match(stdout, 'Warning: a\\\\b')
  const rows = lines.filter((line) => /^[ ▄▀█]{30,}$/.test(line))
  t.ok(rows.length > 10 && rows.length <= 25, `${rows.length} rows`)
  const plain = (await tidepool('console', '--plain', '--data', stub.dataDir)).stdout
  t.match(plain, 'Warning: a\\b')
  t.notMatch(plain, '\\\\')
})

t.test('the code is light on a dark screen, and dark in a file', async (t) => {
  const modules = await qrModules('http://192.168.178.101/setup?token=x')
  const screen = blockLines(modules)
  t.same(
    drawModules(modules).map((line) => line.slice(8, -4)),
    screen,
  )
  t.match(screen[0], /^█+$/, 'the quiet zone is light')
  const invert = { '█': ' ', ' ': '█', '▀': '▄', '▄': '▀' } as Record<string, string>
  const file = blockLines(modules, 'light').map((line) => line.replace(/./g, (block) => invert[block] ?? ''))
  t.same(file.slice(0, -1), screen.slice(0, -1))
  t.match(blockLines(modules, 'light')[0], /^ +$/)
})

t.test('a relay that does not run', async (t) => {
  const data = shortDir(t)
  t.same(await tidepool('console', '--data', data), {
    ...{ code: 1, stdout: 'The relay is not running.\n', stderr: '' },
  })
  t.match(await tidepool('console', '--json', '--data', data), {
    ...{ code: 1, stdout: '', stderr: /relay_not_running/ },
  })
})

t.test('of a real relay', async (t) => {
  const relay = await bootRelay(t, {
    setUp: false,
    sets: ['web.local=true', 'web.local_host=127.0.0.1', 'web.local_port=0'],
  })
  const { local } = (await relay.status()).addresses
  const { setup_token } = await relay.operator.settings()
  const facts: ConsoleFacts = consoleFacts(await relay.status(), await relay.operator.settings(), OWN)
  t.equal(facts.setup_link, `${local}/setup?token=${setup_token}`)
  t.equal((await fetch(facts.setup_link ?? '')).status, 200)
  const { stdout, code } = await tidepool('console', '--data', relay.dataDir)
  t.equal(code, 0)
  // an old screen has 25 rows, and the login prompt takes two
  const seen = stdout.trimEnd().split('\n').slice(-22)
  t.match(seen[0], /^[^▄▀█]|^█+$/, 'the code is whole')
  t.same(seen.slice(-3), [
    'Tidepool is not set up yet.',
    'Open this link on this machine, or scan the code:',
    `  ${facts.setup_link}`,
  ])
  const { stdout: file } = await tidepool('console', '--plain', '--data', relay.dataDir)
  t.match(file, /^Tidepool is not set up yet\.\nOpen this link/, 'a file is read from its start')
  await relay.operator.setup({ name: 'Rock pool', description: '' })
  t.match((await tidepool('console', '--data', relay.dataDir)).stdout, /^Rock pool is set up\.\n/)
})
