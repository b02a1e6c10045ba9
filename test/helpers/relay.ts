// SPDX-License-Identifier: AGPL-3.0-or-later
// A whole relay in this process: real store, real sockets, a data directory of its own, closed with the test.

import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { loadConfig } from '../../src/config/config.js'
import { createLog } from '../../src/lib/log.js'
import { connectOperator, type OperatorClient } from '../../src/operator/client.js'
import type { Operator, RelayStatus } from '../../src/operator/protocol.js'
import { createRelay, type Relay, type RelayOverrides } from '../../src/relay.js'
import { createCaptchaDrawer } from '../../src/web/captcha-image.js'
import type { DrawnCaptcha } from '../../src/web/contract.js'
import { type Client, connectClient } from './client.js'

export { until, within } from './wait.js'

export interface BootOptions extends RelayOverrides {
  /** false leaves the first run's questions open; otherwise they are answered, and `/` is the landing page */
  setUp?: boolean
  /** `key=value` over the test's own: loopback and free ports */
  sets?: string[]
  /** an existing data directory; by default a new one that is removed with the test */
  dataDir?: string
}

export interface BootedRelay {
  relay: Relay
  status(): Promise<RelayStatus>
  id: string
  ssbPort: number
  webUrl: string
  operator: Operator
  dataDir: string
  /** lines of the log at `info` and above, to read after a failure */
  lines: string[]
  close(): Promise<void>
  /** Closes and starts again on the same data; ports change, and so do the fields above. */
  restart(): Promise<void>
}

/** Loopback and free ports. */
export const OWN_SETS = [
  'ssb.host=127.0.0.1',
  'ssb.port=0',
  'web.host=127.0.0.1',
  'web.port=0',
  'whois.port=0',
]

/** A directory whose name leaves room for a socket in it: unix allows 107 bytes, a tap fixture's path takes most. */
export async function shortDir(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tide-'))
  // an app's database may still be writing an index out while its directory goes
  t.teardown(() => rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
  return dir
}

/** Starts a relay and connects its operator over the control socket. */
export async function bootRelay(t: Test, options: BootOptions = {}): Promise<BootedRelay> {
  const { sets = [], dataDir = await shortDir(t), setUp = true, ...overrides } = options
  const config = loadConfig({ sets: [...OWN_SETS, ...sets] })
  const lines: string[] = []
  let client: OperatorClient | null = null
  const booted = { dataDir, lines, close, restart } as BootedRelay

  async function start(): Promise<void> {
    const log = createLog(config.log.level, { write: (line) => void lines.push(line) })
    const relay = await createRelay({ config, dataDir, log }, overrides)
    // the socket's own answer, so that a relay whose operator cannot reach it fails every test
    client = await connectOperator(dataDir)
    const { operator } = client
    if (setUp && !(await operator.settings()).set_up)
      await operator.setup({ name: 'Tidepool', description: '' })
    const status = await operator.status()
    const [address = ''] = status.addresses.ssb
    Object.assign(booted, {
      relay,
      operator,
      status: () => operator.status(),
      id: status.id,
      ssbPort: Number(/:(\d+)~/.exec(address)?.[1]),
      webUrl: status.addresses.web,
    })
  }

  async function close(): Promise<void> {
    client?.close()
    client = null
    await booted.relay.close()
  }

  async function restart(): Promise<void> {
    await close()
    await start()
  }

  t.teardown(close)
  await start()
  return booted
}

/** A member's connection: followed by the operator if it is not yet, then connected with its own key. */
export async function connectMember(
  t: Test,
  relay: BootedRelay,
  options: { keys: Client['keys']; api?: Record<string, unknown> },
): Promise<Client> {
  const members = await relay.operator.membersList()
  if (!members.some(({ id }) => id === options.keys.id)) await relay.operator.membersAdd(options.keys.id)
  const client = await connectClient({ port: relay.ssbPort, relay: relay.id, ...options })
  t.teardown(() => client.close())
  return client
}

export interface KnownCaptchas {
  /** for the relay's overrides */
  draw: () => Promise<DrawnCaptcha>
  /** the answer of an image that was drawn here; undefined for other images */
  answerTo(image: Buffer): string | undefined
}

/** Real captchas; the test can look up the answer of a picture. */
export function knownCaptchas(): KnownCaptchas {
  const answers = new Map<string, string>()
  const drawCaptcha = createCaptchaDrawer(randomBytes(32))
  const nameOf = (image: Buffer): string => createHash('sha256').update(image).digest('hex')
  return {
    async draw() {
      const drawn = await drawCaptcha()
      answers.set(nameOf(drawn.image), drawn.answer)
      return drawn
    },
    answerTo: (image) => answers.get(nameOf(image)),
  }
}
