// SPDX-License-Identifier: AGPL-3.0-or-later
// A large store, worked on in steps, in a process with a board's flags: filled, verified, rebuilt, deleted.
// `npm run bulk` is the long form: 1,000,000 messages of one feed, and 10,000 feeds.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { buildRelay } from '../helpers/child.js'
import { temporaryDir } from '../helpers/store.js'

const MESSAGES = Number(process.env.TIDE_BULK_MESSAGES ?? 20_000)
const FEEDS = Number(process.env.TIDE_BULK_FEEDS ?? 200)
/** The flags of scripts/start.sh. */
const FLAGS = ['--max-old-space-size=96', '--max-semi-space-size=1', '--v8-pool-size=1', '--expose-gc']
/** For a board with 512 MB, without the pages that LMDB maps, which the system reclaims as needed. */
const RSS_MB = 200
/** Longest stall of the event loop in milliseconds, on a machine with other work. */
const LONGEST_MS = 1500

interface Told {
  job: string
  answer: unknown
  ms: number
  p99: number
  longest: number
  rss: number
}

t.test('a store of many messages and many feeds', async (t) => {
  const dist = dirname(await buildRelay(t))
  const path = temporaryDir(t)

  function start(job: string): ChildProcess {
    const args = [dist, path, job, String(MESSAGES), String(FEEDS)]
    const child = fork(fileURLToPath(new URL('./bulk-child.mjs', import.meta.url)), args, {
      execArgv: FLAGS,
      env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' },
    })
    t.teardown(() => child.kill('SIGKILL'))
    return child
  }

  async function run(job: string, child = start(job)): Promise<Told> {
    let told: Told | null = null
    child.on('message', (message) => {
      if (typeof message === 'object') told = message as unknown as Told
    })
    const [code, signal] = await once(child, 'exit')
    t.same([code, signal], [0, null], `${job} ends by itself`)
    if (!told) throw new Error(`${job} said nothing`)
    const { ms, p99, longest, rss } = told as Told
    t.comment(`${job}: ${ms} ms, event loop p99 ${p99} ms, longest ${longest} ms, at most ${rss} MB`)
    t.ok(rss < RSS_MB, `${job}: ${rss} MB at most`)
    t.ok(longest < LONGEST_MS, `${job}: ${longest} ms were the longest wait`)
    return told
  }

  t.match((await run('fill')).answer, { messages: MESSAGES + 3 * FEEDS, feeds: FEEDS + 2 - (FEEDS ? 0 : 1) })
  t.same((await run('verify')).answer, [])
  t.same((await run('rebuild')).answer, { differences: 0, members: FEEDS })

  // killed several times as soon as the large feed is removed; the next start continues
  for (let kills = 0; kills < 3; kills++) {
    const child = start('delete')
    await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
    t.same((await run('verify')).answer, [], 'what is half deleted is sound')
  }
  t.same((await run('delete')).answer, { left: 1, own: true })
  t.same((await run('verify')).answer, [])
})
