// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool doctor --self-test: runs a relay in a temporary directory and tests it as a client would.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import { loadConfig } from '../config/config.js'
import { MIB } from '../lib/limits.js'
import { createLog } from '../lib/log.js'
import { describeMachine } from '../lib/platform.js'
import { connectClient } from '../peer/client.js'
import { createRelay, type Relay } from '../relay.js'
import { parseInviteCode } from '../ssb/invite-code.js'
import { createStore } from '../store/store.js'
import { createCaptchaDrawer } from '../web/captcha-image.js'
import { readyCrypto } from '../wire/crypto-ready.js'

export interface Step {
  name: string
  ms: number
  detail: string
}

export interface SelfTest {
  ok: boolean
  machine: string
  steps: Step[]
  /** the step that failed; null if none did */
  failed: { name: string; reason: string } | null
}

const SETS = ['ssb.host=127.0.0.1', 'ssb.port=0', 'web.host=127.0.0.1', 'web.port=0', 'whois.port=0']

/** Runs every step until one fails. Never rejects; removes its files. */
export async function selfTest(): Promise<SelfTest> {
  // a short name: the path of a unix socket has at most 107 bytes
  const dir = mkdtempSync(join(tmpdir(), 'tide-'))
  const steps: Step[] = []
  let current = ''
  async function step(name: string, work: () => Promise<string>): Promise<void> {
    current = name
    const from = performance.now()
    const detail = await work()
    steps.push({ name, ms: Math.round(performance.now() - from), detail })
  }
  const result = { machine: describeMachine(), steps }
  try {
    await step('crypto', readyCrypto)
    await step('store', () => tryStore(join(dir, 'store')))
    await tryRelay(join(dir, 'relay'), step)
    return { ok: true, ...result, failed: null }
  } catch (err) {
    return { ok: false, ...result, failed: { name: current, reason: (err as Error).message } }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Tests that data survives closing the store. */
async function tryStore(path: string): Promise<string> {
  const keys = ssbKeys.generate()
  const open = () =>
    createStore(
      { log: createLog('silent'), now: Date.now },
      { path, keys, maxBytes: 64 * MIB, maxFeedBytes: MIB },
    )
  const { id } = ssbKeys.generate()
  const first = await open()
  await first.members.follow(id, { by: 'operator', voucher: null, note: '' }).finally(() => first.close())
  const again = await open()
  try {
    const problems = await again.verify()
    check(problems.length === 0, problems.join('; '))
    check(again.members.has(id), 'the data is missing after the store was reopened')
    return 'written, reopened and read'
  } finally {
    await again.close()
  }
}

type RunStep = (name: string, work: () => Promise<string>) => Promise<void>

/** Joins as a user does: captcha, invite, handshakes with the guest key and the own key, a page. */
async function tryRelay(dataDir: string, step: RunStep): Promise<void> {
  let answer = ''
  const drawCaptcha = createCaptchaDrawer(randomBytes(32))
  const recordingDraw = async () => {
    const drawn = await drawCaptcha()
    answer = drawn.answer
    return drawn
  }
  const options = { config: loadConfig({ sets: SETS }), dataDir, log: createLog('silent') }
  let started: Relay | null = null
  try {
    await step('start', async () => {
      started = await createRelay(options, { drawCaptcha: recordingDraw })
      return 'every listener is up'
    })
    const relay = started as unknown as Relay
    const { id, addresses } = await relay.status()
    const address = addresses.ssb[0] ?? ''
    const web = addresses.web ?? ''
    let code = ''
    await step('captcha', async () => {
      code = await solve(web, () => answer)
      return 'fetched and solved'
    })
    const person = ssbKeys.generate()
    await step('invite', async () => {
      const { seed } = parseInviteCode(code)
      const message = await ask<{ value: { content: { contact: string } } }>(
        ssbKeys.generate('ed25519', seed),
        address,
        'invite.use',
        { feed: person.id },
      )
      check(message.value.content.contact === person.id, 'the relay followed another feed')
      return 'used with the guest key'
    })
    await step('handshake', async () => {
      const answered = await ask<{ id: string }>(person, address, 'whoami')
      check(answered.id === id, 'another relay answered')
      return 'connected as a member'
    })
    await step('page', async () => {
      const response = await fetch(web)
      const text = await response.text()
      check(response.ok && text.includes('</html>'), `status ${response.status}`)
      return `${text.length} characters`
    })
    const { members } = await relay.status()
    check(members === 1, `${members} members instead of 1`)
  } finally {
    await (started as Relay | null)?.close()
  }
}

/** Solves a captcha as a browser does. Returns the invite code. */
async function solve(web: string, answer: () => string): Promise<string> {
  const base = new URL(web)
  const page = await fetch(new URL('/invite/', base))
  const cookie = page.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const image = /<img[^>]*src="([^"]*captcha[^"]*)"/.exec(await page.text())?.[1]
  check(image !== undefined, 'the page has no captcha')
  const drawn = await fetch(new URL(image as string, base), { headers: { cookie } })
  check((await drawn.arrayBuffer()).byteLength > 1000, 'the captcha has no image')
  const invite = await fetch(new URL('/invite/invite-captcha-reponse', base), {
    method: 'POST',
    headers: { cookie, origin: base.origin },
    body: new URLSearchParams({ captcha: answer() }),
  })
  const code = /<title>([^<]*)<\/title>/.exec(await invite.text())?.[1] ?? ''
  check(invite.ok, `the captcha's answer was rejected with status ${invite.status}`)
  return code
    .replaceAll('&#x2F;', '/')
    .replaceAll('&#x3D;', '=')
    .replaceAll('&#x2B;', '+')
    .replaceAll('&amp;', '&')
}

/** Connects and makes one call. @param address a multiserver address, `net:HOST:PORT~shs:KEY` */
async function ask<T>(keys: Keys, address: string, name: string, ...args: unknown[]): Promise<T> {
  const [, host, port, key] = /^net:(.+):(\d+)~shs:(.+)$/.exec(address) ?? []
  check(host !== undefined, `not an address: ${address}`)
  const server = `@${key}.ed25519`
  const client = await connectClient({ at: { host: host as string, port: Number(port) }, server, keys })
  try {
    return (await client.call(name, ...args)) as T
  } finally {
    client.close()
  }
}

function check(holds: boolean, problem: string): void {
  if (!holds) throw new Error(problem)
}
