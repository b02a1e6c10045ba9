// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeping the onion service up: its status, and recovery from failures of tor.

import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { createLog } from '../../src/lib/log.js'
import { COMMAND_MS } from '../../src/onion/controller.js'
import { createOnion, type Onion, type OnionOptions, STEADY_MS } from '../../src/onion/onion.js'
import { HEARTBEAT_MS, LOOK_AGAIN_MS, LOOK_EVERY_MS, LOOKS } from '../../src/onion/service.js'
import { createTestClock, type TestClock } from '../helpers/clock.js'
import { shortDir } from '../helpers/relay.js'
import { until } from '../helpers/wait.js'
import { type FakeControl, getInfo, openFakeControl } from './fake-control.js'
import { openSocks } from './fake-socks.js'

interface Kept {
  control: FakeControl
  onion: Onion
  clock: TestClock
  keyFile: string
  /** the address without `.onion`, once known */
  id(): string
  state(): string
  /** log lines */
  lines: string[]
  become(state: string): Promise<unknown>
  /** Resolves when it waits for its n-th attempt. */
  waiting(time: number): Promise<unknown>
  /** Sends tor's event that a directory accepted the descriptor. */
  uploaded(): void
}

async function keep(t: Test, control: FakeControl, options: Partial<OnionOptions> = {}): Promise<Kept> {
  const clock = createTestClock()
  const lines: string[] = []
  const log = createLog('debug', { write: (line) => void lines.push(line) })
  let waits = 0
  const dir = await shortDir(t)
  const { dataDir = dir } = options
  const keyFile = join(dataDir, 'onion.key')
  const onion = createOnion(
    { log, clock, random: () => ++waits && 1 },
    {
      ...{ dataDir, tor: control.where, tor_binary: null, extra_torrc: null },
      cookie: control.cookieFile,
      ...{ web: local(1), ssb: local(2), whois: local(3) },
      ...options,
    },
  )
  t.teardown(async () => {
    await onion.close()
    if (clock.pending() > 0) throw new Error('a timer goes on')
  })
  const id = (): string => onion.status().address?.replace('.onion', '') ?? ''
  return {
    ...{ control, onion, clock, keyFile, id, lines },
    state: () => onion.status().state,
    become: (state) => until(`state ${state}`, () => onion.status().state === state),
    waiting: (time) => until(`wait ${time}`, () => waits === time),
    uploaded: () => control.event(`HS_DESC UPLOADED ${id()} UNKNOWN $AA~a b hsdir`),
  }
}

const local = (port: number) => ({ host: '127.0.0.1', port })

const words = ({ commands }: FakeControl): string[] => commands.map((line) => line.split(' ')[0] ?? '')

t.test('from start to published, each state at its event', async (t) => {
  const control = await openFakeControl(t)
  const phase = 'NOTICE BOOTSTRAP PROGRESS=45 TAG=x SUMMARY="Asking"'
  control.answers.set('GETINFO', (keywords) => getInfo(keywords, undefined, phase))
  const kept = await keep(t, control)
  t.match(kept.onion.status(), { state: 'starting' })
  await kept.become('bootstrapping')
  t.match(kept.onion.status(), { progress: 45, tor: '0.4.8.1', address: /\.onion$/, since: Number })
  control.event('STATUS_CLIENT WARN BOOTSTRAP PROGRESS=50 TAG=y WARNING="No route to host" REASON=NOROUTE')
  await until('50 %', () => kept.onion.status().progress === 50)
  t.equal(kept.onion.status().reason, 'tor cannot connect: No route to host')
  control.event('STATUS_CLIENT WARN BOOTSTRAP PROGRESS=55 TAG=y WARNING="DONE" REASON=DONE')
  await until('55 %', () => kept.onion.status().progress === 55)
  t.equal(kept.onion.status().reason, 'tor cannot connect: the connection was closed')
  control.event('STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="Done"')
  await kept.become('publishing')
  t.equal(kept.onion.name(), null, 'nobody finds us yet')
  control.event('HS_DESC UPLOADED someoneelse UNKNOWN $AA~a')
  control.event(`HS_DESC UPLOAD ${kept.id()} UNKNOWN $AA~a`)
  control.event(`HS_DESC FAILED ${kept.id()} UNKNOWN $AA~a b REASON=UPLOAD_REJECTED`)
  await until('a reason', () => /UPLOAD_REJECTED/.test(kept.onion.status().reason ?? ''))
  t.equal(kept.state(), 'publishing')
  kept.uploaded()
  await kept.become('published')
  t.equal(kept.onion.name(), `${kept.id()}.onion`)
  t.notOk(kept.onion.status().reason)
  t.match(
    control.commands.find((line) => line.startsWith('ADD_ONION')),
    /^ADD_ONION ED25519-V3:\S{88} MaxStreams=\d+ PoWDefensesEnabled=1 Port=80,127\.0\.0\.1:1 Port=8008,127\.0\.0\.1:2 Port=26819,127\.0\.0\.1:3$/,
    'not detached',
  )
})

t.test('a tor without progress reports after a minute what it waits for', async (t) => {
  const control = await openFakeControl(t)
  const phase = 'NOTICE BOOTSTRAP PROGRESS=0 TAG=starting SUMMARY="Starting"'
  control.answers.set('GETINFO', (keywords) => getInfo(keywords, undefined, phase))
  const kept = await keep(t, control)
  await kept.become('bootstrapping')
  await until('it to be offered', () => kept.onion.status().defences?.length)
  t.notOk(kept.onion.status().reason)
  control.answers.set('GETINFO', (keywords) => getInfo(keywords, kept.id(), phase))
  for (let beats = 1; beats <= 2; beats++) {
    const before = control.commands.length
    kept.clock.advance(HEARTBEAT_MS)
    await until('a heartbeat', () => control.commands.length >= before + 2)
  }
  await until('a reason', () => /it waits for: Starting/.test(kept.onion.status().reason ?? ''))
  t.equal(kept.lines.filter((line) => line.includes('tor is waiting')).length, 1)
  t.match(kept.onion.status().reason, /for 1 min, .* set bridges in onion.extra_torrc/)
  control.event('STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=10 TAG=conn_done SUMMARY="Connected to a relay"')
  await until('it to move', () => kept.onion.status().progress === 10)
  t.notOk(kept.onion.status().reason)
})

t.test('a tor that the relay did not start is neither owned nor signalled', async (t) => {
  const kept = await keep(t, await openFakeControl(t))
  await kept.become('publishing')
  await kept.onion.close()
  t.same(
    words(kept.control).filter((word) => /OWNERSHIP|SIGNAL|CONF/.test(word)),
    [],
  )
  await until('the connection to end', () => kept.control.sockets.size === 0)
})

t.test('the address is the same after a restart', async (t) => {
  const control = await openFakeControl(t)
  const first = await keep(t, control)
  await first.become('publishing')
  const id = first.id()
  await first.onion.close()
  const second = await keep(t, control, { dataDir: dirname(first.keyFile) })
  await second.become('publishing')
  t.equal(second.id(), id)
})

t.test('an older tor gets fewer options', async (t) => {
  const control = await openFakeControl(t)
  const add = control.answers.get('ADD_ONION')
  control.answers.set('ADD_ONION', (argument, socket) =>
    argument.includes('PoW') ? '512 Unrecognized argument' : (add?.(argument, socket) ?? null),
  )
  const kept = await keep(t, control)
  await until('it to be offered', () => kept.onion.status().defences?.length)
  t.same(kept.onion.status().defences, ['streams'])
})

t.test('ADD_ONION is retried if the address is in use', async (t) => {
  const control = await openFakeControl(t)
  const add = control.answers.get('ADD_ONION')
  let times = 0
  control.answers.set('ADD_ONION', (argument, socket) =>
    ++times < 3 ? '550 Onion address collision' : (add?.(argument, socket) ?? null),
  )
  const kept = await keep(t, control)
  for (const count of [1, 2]) {
    await control.heard('ADD_ONION', count)
    // before its timer is set, advancing the clock has no effect
    await until('the next', () => {
      kept.clock.advance(1000)
      return times > count
    })
  }
  await until('it to be offered', () => kept.onion.status().defences?.length)
  t.equal(control.connections(), 1, 'on the same connection')
})

t.test('a tor that computes another address for the key is rejected', async (t) => {
  const control = await openFakeControl(t)
  control.answers.set('ADD_ONION', () => `250-ServiceID=${'a'.repeat(56)}\n250 OK`)
  const kept = await keep(t, control)
  await kept.become('degraded')
  t.match(kept.onion.status().reason, /another address/)
  t.equal(kept.onion.name(), null)
})

t.test('when tor exits, everything starts again, at growing intervals', async (t) => {
  const control = await openFakeControl(t)
  const kept = await keep(t, control)
  await kept.become('publishing')
  kept.uploaded()
  await kept.become('published')
  const protocolInfo = control.answers.get('PROTOCOLINFO')
  control.answers.set('PROTOCOLINFO', (_, socket) => {
    socket.destroy()
    return null
  })
  for (const socket of control.sockets) socket.destroy()
  await kept.become('degraded')
  t.match(kept.onion.status().reason, /hung up/)
  t.equal(kept.onion.name(), null, 'an address that nobody finds is not named')
  let made = control.connections()
  for (const [i, wait] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    await kept.waiting(i + 1)
    kept.clock.advance(wait * 1000 - 1)
    t.equal(control.connections(), made, `not before ${wait} s`)
    kept.clock.advance(1)
    await control.heard('PROTOCOLINFO', ++made)
  }
  await kept.waiting(9)
  control.answers.set('PROTOCOLINFO', protocolInfo as () => string)
  kept.clock.advance(60_000)
  await until('it to be offered', () => kept.onion.status().defences?.length)
  // after a long service the back-off starts from the beginning
  for (let stood = 0; stood < STEADY_MS; stood += HEARTBEAT_MS) {
    const asked = control.commands.length
    kept.clock.advance(HEARTBEAT_MS)
    await until('a heartbeat', () => control.commands.length === asked + 2 && kept.clock.pending() === 1)
  }
  for (const socket of control.sockets) socket.destroy()
  await kept.become('degraded')
  await kept.waiting(10)
  kept.clock.advance(1000)
  await kept.become('publishing')
})

t.test('a tor that hangs is detected by its silence', async (t) => {
  const control = await openFakeControl(t)
  const kept = await keep(t, control)
  await kept.become('publishing')
  await until('it to be offered', () => kept.onion.status().defences?.length)
  control.answers.set('GETINFO', () => null)
  const before = control.commands.length
  kept.clock.advance(HEARTBEAT_MS)
  await until('the question', () => control.commands.length > before)
  kept.clock.advance(COMMAND_MS)
  await kept.become('degraded')
  t.match(kept.onion.status().reason, /no answer to GETINFO within 10 s/)
})

t.test('a service that tor has lost is offered again', async (t) => {
  const control = await openFakeControl(t)
  const kept = await keep(t, control)
  await until('it to be offered', () => kept.onion.status().defences?.length)
  control.answers.set('GETINFO', (keywords) => getInfo(keywords, 'b'.repeat(56)))
  kept.clock.advance(HEARTBEAT_MS)
  await kept.become('degraded')
  t.match(kept.onion.status().reason, /lost the service/)
})

t.test('a tor without network is degraded until the network is back', async (t) => {
  const control = await openFakeControl(t)
  const kept = await keep(t, control)
  await kept.become('publishing')
  kept.uploaded()
  await kept.become('published')
  control.event('NETWORK_LIVENESS DOWN')
  await kept.become('degraded')
  t.match(kept.onion.status().reason, /no network/)
  control.event('NETWORK_LIVENESS UP')
  await kept.become('published')
})

t.test('invalid answers to any command end the connection', async (t) => {
  const cases: Array<[word: string, answer: string, reason: RegExp]> = [
    ['PROTOCOLINFO', 'SSH-2.0-OpenSSH_9.2', /control protocol/],
    ['AUTHCHALLENGE', '250 AUTHCHALLENGE SERVERHASH=zz SERVERNONCE=zz', /does not know the cookie/],
    ['AUTHENTICATE', '515 Authentication failed', /515/],
    ['SETEVENTS', '552 Unrecognized event', /552/],
    ['ADD_ONION', '513 Invalid', /rejects the service: 513/],
  ]
  for (const [word, answer, reason] of cases) {
    const control = await openFakeControl(t)
    control.answers.set(word, () => answer)
    const kept = await keep(t, control)
    await kept.become('degraded')
    t.match(kept.onion.status().reason, reason)
    if (word !== 'ADD_ONION')
      t.notOk(words(control).includes('ADD_ONION'), `${word}: the key is not given away`)
  }
})

t.test('no listener, a tor on another machine, a missing socket', async (t) => {
  const control = await openFakeControl(t)
  const cases: Array<[tor: string, reason: RegExp]> = [
    ['127.0.0.1:1', /no tor listens at 127\.0\.0\.1:1/],
    ['192.0.2.7:9051', /another machine/],
    ['example.org:9051', /another machine/],
    ['unix:/nowhere/control', /no tor listens at unix:/],
  ]
  for (const [tor, reason] of cases) {
    const kept = await keep(t, control, { tor })
    await kept.become('degraded')
    t.match(kept.onion.status().reason, reason)
  }
  t.equal(control.connections(), 0)
})

t.test('a damaged key is left unchanged, and used once it is replaced', async (t) => {
  const control = await openFakeControl(t)
  const dataDir = await shortDir(t)
  const keyFile = join(dataDir, 'onion.key')
  writeFileSync(keyFile, 'rubble')
  const kept = await keep(t, control, { dataDir })
  await kept.become('degraded')
  t.match(kept.onion.status().reason, /onion\.key is damaged/)
  t.equal(readFileSync(keyFile, 'utf8'), 'rubble')
  t.equal(control.connections(), 0)
  const { formatKey, makeKey } = await import('../../src/onion/key.js')
  const key = makeKey()
  writeFileSync(keyFile, formatKey(key))
  await kept.waiting(1)
  kept.clock.advance(1000)
  await kept.become('publishing')
  t.equal(kept.onion.status().address, key.address)
})

t.test('with a SOCKS port the relay checks itself, after publishing and hourly', async (t) => {
  const control = await openFakeControl(t)
  const site = createServer((req, res) => res.writeHead(sick ? 503 : 200).end(req.url))
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  t.teardown(() => site.close())
  let sick = false
  const socks = await openSocks(t, (site.address() as AddressInfo).port)
  control.answers.set('GETINFO', (keywords, socket) =>
    keywords === 'net/listeners/socks'
      ? `250-net/listeners/socks="127.0.0.1:${socks.port}" "unix:/x"\n250 OK`
      : getInfo(keywords, socket.destroyed ? undefined : kept.id()),
  )
  const kept = await keep(t, control)
  const failed = (): number => kept.lines.filter((line) => line.includes('onion self-check failed')).length
  await kept.become('publishing')
  kept.uploaded()
  await until('the first look', () => kept.clock.pending() > 1)
  kept.clock.advance(0)
  await kept.become('reachable')
  t.same(socks.asked, [`${kept.id()}.onion:80`])

  /** Advances the clock in steps, so that tor can answer each heartbeat. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += LOOK_AGAIN_MS) {
      kept.clock.advance(LOOK_AGAIN_MS)
      // the next heartbeat, and the next self-check or this one's time limit
      await until('answers', () => kept.clock.pending() <= 2)
    }
  }
  sick = true
  await pass(LOOK_EVERY_MS)
  for (let look = 1; look <= LOOKS; look++) {
    await until(`look ${look}`, () => socks.asked.length === look + 1)
    if (look === LOOKS) break
    t.equal(kept.state(), 'reachable', 'one failure is none')
    await until('its end', () => failed() === look)
    await pass(LOOK_AGAIN_MS * 2 ** (look - 1))
  }
  await kept.become('degraded')
  t.match(kept.onion.status().reason, /does not reach itself .* 503/)
  t.ok(kept.onion.name(), 'it is published all the same')
  sick = false
  await pass(LOOK_AGAIN_MS * 2 ** (LOOKS - 1))
  await kept.become('reachable')
})
