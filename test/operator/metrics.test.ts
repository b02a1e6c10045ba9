// SPDX-License-Identifier: AGPL-3.0-or-later
// Metrics: a strict parser of the text format, the values compared with status, and the documents that list them.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import type { Counts } from '../../src/lib/counters.js'
import { METRICS, type MetricFacts } from '../../src/operator/metrics.js'
import { readLoopDelay, writeMetrics } from '../../src/operator/openmetrics-text.js'
import { STATUS } from '../commands/fake-status.js'
import { Visitor } from '../helpers/http.js'
import { bootRelay, connectMember } from '../helpers/relay.js'
import { json, sources, text } from '../house/files.js'

interface Family {
  type: string
  unit: string | null
  samples: Map<string, number>
}

/** Parses the OpenMetrics text format; throws for violations of the parts we use. */
function parse(given: string): Map<string, Family> {
  const families = new Map<string, Family>()
  const lines = given.split('\n')
  if (lines.pop() !== '' || lines.pop() !== '# EOF') throw new Error('no end')
  let name = ''
  for (const line of lines) {
    const [, keyword, of = '', rest = ''] = /^# (TYPE|UNIT|HELP) (\S+) (.+)$/.exec(line) ?? []
    if (keyword === 'TYPE') {
      if (families.has(of)) throw new Error(`twice: ${of}`)
      name = of
      families.set(of, { type: rest, unit: null, samples: new Map() })
      continue
    }
    const family = families.get(name)
    if (!family) throw new Error(`before any type: ${line}`)
    if (keyword) {
      if (of !== name) throw new Error(`of another metric: ${line}`)
      if (keyword === 'UNIT' && !name.endsWith(`_${rest}`)) throw new Error(`unit: ${line}`)
      if (keyword === 'UNIT') family.unit = rest
      continue
    }
    const suffix = { counter: '_total', info: '_info', gauge: '' }[family.type]
    const sample = /^([a-z_]+)(\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"\})? (-?[0-9.e+-]+)$/.exec(line)
    if (!sample || sample[1] !== `${name}${suffix}`) throw new Error(`sample: ${line}`)
    const value = Number(sample[3])
    if (!Number.isFinite(value)) throw new Error(`value: ${line}`)
    if (family.samples.has(sample[2] ?? '')) throw new Error(`twice: ${line}`)
    family.samples.set(sample[2] ?? '', value)
  }
  return families
}

const NO_COUNTS: Counts = { refusals: new Map(), limits: new Map(), evictions: new Map() }
const FACTS: MetricFacts = {
  ...{ status: STATUS, counts: NO_COUNTS, loop: [], descriptors: null, free: null, cpu: 1, now: 0 },
  load: {
    connections: { guest: 0, peer: 0, stranger: 0, member: 0, moderator: 0, admin: 0 },
    ...{ sockets: 0, streams: 0, gathered: 0, queued: 0 },
  },
}

t.test('the text has the format, with any label value', async (t) => {
  const counts: Counts = { ...NO_COUNTS, refusals: new Map([['a"\\\n}', 2]]) }
  const families = parse(writeMetrics(METRICS, { ...FACTS, counts }))
  t.same([...families.keys()], Object.keys(METRICS))
  t.same([...(families.get('tidepool_refusals')?.samples ?? [])], [['{code="a\\"\\\\\\n}"}', 2]])
  t.equal(families.get('process_open_fds')?.samples.size, 0, 'what is not known is left out')
  t.equal(families.get('tidepool_certificate_days')?.samples.size, 0)
  for (const [name, { unit }] of families)
    t.equal(/_(seconds|bytes)$/.exec(name)?.[1] ?? null, unit, `${name} ends with its unit`)
})

t.test('the sampling interval is not counted as delay', async (t) => {
  let resets = 0
  const reset = (): void => void resets++
  const percentile = (percent: number): number => percent * 1e6
  const delays = readLoopDelay({ count: 5, max: 420e6, percentile, reset })
  t.same(
    delays.map(([quantile, seconds]) => [quantile, Math.round(seconds * 1000)]),
    [
      ['0.5', 30],
      ['0.99', 79],
      ['1', 400],
    ],
  )
  t.equal(resets, 1)
  t.same(readLoopDelay({ count: 0, max: 0, percentile, reset }), [])
})

t.test(
  'a relay gives the same metrics over HTTP and the control socket, with the values of status',
  async (t) => {
    const relay = await bootRelay(t, { sets: ['metrics.port=0'] })
    await connectMember(t, relay, { keys: ssbKeys.generate() })
    // biome-ignore lint/suspicious/noExplicitAny: methods as the manifest names them
    const { rpc } = (await connectMember(t, relay, { keys: ssbKeys.generate() })) as any
    await new Promise((resolve) => rpc.invite.use({ feed: 'x' }, resolve))
    await new Visitor(relay.webUrl).get('/nowhere')
    const status = await relay.status()
    const url = new URL(status.addresses.metrics ?? '')
    t.equal(url.pathname, '/metrics')
    const reply = await fetch(url)
    t.equal(reply.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    for (const given of [await reply.text(), await relay.operator.metrics()]) {
      const families = parse(given)
      const value = (name: string, label = ''): number | undefined => families.get(name)?.samples.get(label)
      for (const field of ['members', 'online', 'tunnels', 'feeds', 'messages', 'message_bytes'] as const)
        t.equal(value(`tidepool_${field}`), status[field], field)
      t.equal(value('tidepool_connections', '{class="member"}'), 2)
      t.equal(value('tidepool_sockets'), 2)
      t.equal(value('tidepool_message_limit_bytes'), status.max_bytes)
      t.equal(value('tidepool_onion_state', '{state="disabled"}'), 1)
      t.equal(value('tidepool_time_trusted'), status.time === 'unconfirmed' ? 0 : 1)
      t.equal(value('tidepool_warnings'), status.warnings.length)
      t.equal(value('tidepool_build', `{version="${status.version}"}`), 1)
      t.equal(value('tidepool_refusals', '{code="not_found"}'), 1)
      t.equal(value('tidepool_refusals', '{code="not_allowed"}'), 1)
      t.ok((value('process_resident_memory_bytes') ?? 0) > 1e7)
    }
    const get = (path: string, method = 'GET') => fetch(new URL(path, url), { method })
    t.equal((await get('/')).status, 404)
    t.equal((await get('/metrics', 'POST')).status, 405)
    t.equal((await get('/metrics', 'HEAD')).status, 200)
  },
)

t.test('without metrics.port there is no listener', async (t) => {
  const relay = await bootRelay(t)
  t.equal((await relay.status()).addresses.metrics, null)
  t.match(await relay.operator.metrics(), /# EOF\n$/)
})

/** First cells of a document's table rows, if set as code. */
const cells = (document: string): string[] =>
  [...document.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell)

t.test('docs/metrics.md lists every metric and every limit', async (t) => {
  const [metrics = '', limits = ''] = text('docs/metrics.md').split('## Limits')
  const named = Object.entries(METRICS).map(([name, { type, label }]) => {
    const suffix = { counter: '_total', info: '_info', gauge: '' }[type]
    return `${name}${suffix}${label ? `{${label}}` : ''}`
  })
  t.same(cells(metrics), named)
  const used = [...sources('src').values()].flatMap((source) =>
    [
      ...source.matchAll(/(?:limit: |limited\()'([a-z_]+)'/g),
      ...source.matchAll(/(?:evicted|reached)\('([a-z_]+)'\)/g),
      ...source.matchAll(/createDailyQuota\([^']*'([a-z_]+)'\)/g),
    ].map(([, name = '']) => name),
  )
  const others = ['session_streams', 'session_gathered', 'session_queued', 'feed_full', 'store_full']
  t.same(cells(limits).sort(), [...new Set([...used, ...others])].sort())
})

t.test('alerts and dashboard use existing metrics only', async (t) => {
  const known = new Set(
    Object.entries(METRICS).map(
      ([name, { type }]) => `${name}${{ counter: '_total', info: '_info', gauge: '' }[type]}`,
    ),
  )
  const panels = json('docs/grafana.json').panels as Array<{ targets?: Array<{ expr: string }> }>
  const drawn = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const alerts = [...text('docs/alerts.yml').matchAll(/^ +expr: (.+)$/gm)].map(([, expr = '']) => expr)
  t.ok(drawn.length >= 10 && alerts.length >= 10)
  for (const expr of [...drawn, ...alerts]) {
    const names = expr.match(/\b(?:tidepool|process)_[a-z_]+/g) ?? []
    t.ok(names.length > 0 || expr.startsWith('up'), expr)
    for (const name of names) t.ok(known.has(name), `${name} of ${expr}`)
  }
  const each = text('docs/alerts.yml')
    .split(/^ +- alert: /m)
    .slice(1)
  for (const alert of each) t.match(alert, /\n +severity: (warning|critical)\n[\s\S]*\n +summary: .+/)
})
