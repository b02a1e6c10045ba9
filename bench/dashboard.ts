// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard: what an hour of people looking at it and filling in its forms, in a room full of comings and goings,
// leaves in memory.

import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { signRegistration } from '../src/ssb/alias.js'
import { type Client, connectClient } from './lib/client.js'
import { memberKeys } from './lib/members.js'
import { memoryOf, processorTime } from './lib/process.js'
import { atMost, conclude, median, progress, rounded, say, table } from './lib/report.js'
import { type Server, startTidepool } from './lib/servers.js'

const { values: given } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    rate: { type: 'string' },
  },
})
const MINUTES = Number(given.minutes ?? (given.short ? 1 : 60))
/** Pages and forms a second, all people together; 0 is as many as the relay can. */
const RATE = Number(given.rate ?? 100)
if (!(MINUTES > 0) || !(RATE >= 0)) throw new Error('--minutes and --rate are numbers')

const MEMBERS = 60
/** Members who are there all the time, and of those the ones who look at the dashboard; the first is the admin. */
const PRESENT = 20
const PEOPLE = 8
/** Between a member who comes for a moment and the next. */
const VISIT_MS = 1000
const SETTLE_MS = 5000
/** What the relay needs to notice that it is quiet again and to give back (`src/lib/memory-release.ts`), and a little. */
const QUIET_MS = 200_000
const MEASURE_MS = 1000

const PAGES = ['', '/members', '/invites', '/aliases', '/me']
const ADMIN_PAGES = [...PAGES, '/notices', '/notices/edit', '/blocked', '/room', '/log']

/** Somebody with a browser, signed in. */
interface Browser {
  get(path: string): Promise<string>
  /** Fills in a form of the dashboard; answers where it leads. */
  does(name: string, fields: Record<string, string>): Promise<string>
}

/** Pages and forms that were answered, and members who came for a moment. */
let served = 0
let visits = 0

const server = await startTidepool()
const { operator } = server
const web = server.web as string
await operator.setup({ name: 'bench', description: 'a room' })
const ids = Array.from({ length: MEMBERS }, (_, i) => memberKeys(i).id)
await server.follow(ids)
await operator.membersRole(ids[0] as string, 'admin')
const present: Client[] = []
for (let i = 0; i < PRESENT; i++) present.push(await comes(server, i))
await delay(SETTLE_MS)
const idle = memoryOf(server.pid)

const browsers: Browser[] = []
for (const id of ids.slice(0, PEOPLE)) browsers.push(await signIn(id))
for (const browser of browsers) await round(browser, browser === browsers[0])
await delay(SETTLE_MS)
const opened = memoryOf(server.pid)

const end = Date.now() + MINUTES * 60_000
const busyBefore = processorTime(server.pid)
const seen: number[] = []
served = 0
const sampler = setInterval(() => {
  seen.push(memoryOf(server.pid).rss)
  if (seen.length % 60 === 0)
    progress(`${seen.length / 60} min: ${rounded(seen.at(-1) as number)} MB, ${served} pages`)
}, MEASURE_MS)
await Promise.all([...browsers.map((browser, i) => uses(browser, i)), visiting()])
clearInterval(sampler)
const busy = (processorTime(server.pid) - busyBefore) / (MINUTES * 600)
progress(`quiet for ${QUIET_MS / 1000} s`)
await delay(QUIET_MS)
const after = memoryOf(server.pid)
for (const client of present) client.close()
await server.stop()

/** A member with a name, who stays. */
async function comes({ port, id }: Server, number: number): Promise<Client> {
  const keys = memberKeys(number)
  const client = await connectClient({ port, server: id, keys })
  client.source('room.attendants', [], () => {})
  const alias = `member${number}`
  await client.ask('room.registerAlias', alias, signRegistration(keys, id, alias))
  return client
}

/** Those who come for a moment: everybody's lists change, and so does the overview. */
async function visiting(): Promise<void> {
  while (Date.now() < end) {
    const keys = memberKeys(PRESENT + (visits++ % (MEMBERS - PRESENT)))
    const client = await connectClient({ port: server.port, server: server.id, keys })
    client.source('room.attendants', [], () => {})
    await delay(VISIT_MS)
    client.close()
  }
}

async function signIn(id: string): Promise<Browser> {
  const { url } = await operator.membersLink(id)
  let cookies = ''
  let csrf = ''
  async function ask(path: string, fields?: Record<string, string>): Promise<Response> {
    const answer = await fetch(web + path, {
      redirect: 'manual',
      headers: { cookie: cookies, origin: web },
      ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
    })
    // a member's quota of invites is used up within minutes: being told so is a page as well
    if (answer.status >= 400 && answer.status !== 429)
      throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    for (const line of answer.headers.getSetCookie()) cookies = line.split(';')[0] as string
    served += 1
    return answer
  }
  async function get(path: string): Promise<string> {
    const text = await (await ask(path)).text()
    csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? csrf
    return text
  }
  const { pathname, search, searchParams } = new URL(url)
  await get(pathname + search)
  await ask('/login/link', { csrf, token: searchParams.get('token') ?? '' })
  const browser: Browser = {
    get,
    async does(name, fields) {
      const answer = await ask(`/dashboard/do/${name}`, { ...fields, csrf, sure: '1' })
      await answer.text()
      return answer.headers.get('location') ?? ''
    },
  }
  await browser.get('/dashboard')
  return browser
}

/** Every page once, and a form of each kind that a person fills in often. */
async function* steps(browser: Browser, admin: boolean): AsyncGenerator<void> {
  for (const page of admin ? ADMIN_PAGES : PAGES) {
    await browser.get(`/dashboard${page}`)
    yield
  }
  const slug = /\/dashboard\/members\/([\w-]{43})/.exec(await browser.get('/dashboard/members'))?.[1]
  yield
  await browser.get(`/dashboard/members/${slug}`)
  yield
  if (!admin) {
    // everybody's own: an admin's list shows others', which two would withdraw at once
    await browser.does('invite.create', { uses: '1', days: '1', note: 'bench' })
    yield
    const invite = /name="invite" value="([^"]+)"/.exec(await browser.get('/dashboard/invites'))?.[1]
    yield
    if (invite) await browser.does('invite.revoke', { invite })
    return
  }
  await browser.does('notice.save', {
    name: 'tides',
    title: 'Tides',
    text: 'High at **noon**.\n\n'.repeat(20),
  })
  yield
  await browser.get('/notice/tides')
  yield
}

async function round(browser: Browser, admin: boolean): Promise<void> {
  for await (const _ of steps(browser, admin));
}

async function uses(browser: Browser, number: number): Promise<void> {
  const every = RATE > 0 ? (1000 * PEOPLE) / RATE : 0
  let next = Date.now()
  while (Date.now() < end) {
    for await (const _ of steps(browser, number === 0)) {
      if (Date.now() >= end) return
      next = Math.max(next + every, Date.now())
      if (every) await delay(next - Date.now())
    }
  }
}
say(
  `a dashboard used for ${MINUTES} min, ${rounded(served / (MINUTES * 60))} pages a second, ${rounded(busy)} % of a core\n`,
)
const rows: Array<[string, number, number]> = [
  ['idle', idle.rss, idle.anonymous],
  ['every page opened once', opened.rss, opened.anonymous],
  ['afterwards', after.rss, after.anonymous],
]
say(
  table(
    ['RSS, MB', 'all', 'own', 'over idle'],
    rows.map(([name, rss, own]) => [name, rss.toFixed(1), own.toFixed(1), (rss - idle.rss).toFixed(1)]),
  ),
)
say(`during: median ${median(seen).toFixed(1)}, highest ${Math.max(...seen).toFixed(1)}`)
conclude(
  'dashboard',
  [atMost(`MB over idle after ${MINUTES} min of dashboard use`, after.rss - idle.rss, 10)],
  {
    minutes: MINUTES,
    served,
    visits,
    idle_mb: rounded(idle.rss),
    opened_mb: rounded(opened.rss),
    during_mb: rounded(median(seen)),
    highest_mb: rounded(Math.max(...seen)),
    after_mb: rounded(after.rss),
  },
)
