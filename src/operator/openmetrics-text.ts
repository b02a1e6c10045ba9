// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes metrics in the OpenMetrics text format 1.0, which Prometheus reads.

import { SECOND } from '../lib/limits.js'

/** One value, with the value of the label if the metric has one. */
export type Sample = number | readonly [label: string, value: number]

/** A metric: type, unit (the suffix of its name), label name, help text, and a function that reads it. */
export interface Metric<Facts> {
  type: 'gauge' | 'counter' | 'info'
  unit?: 'seconds' | 'bytes'
  label?: string
  help: string
  read(facts: Facts): readonly Sample[]
}

/** Event loop delay since the last read, in seconds by quantile. */
export type LoopDelay = ReadonlyArray<readonly [quantile: string, seconds: number]>

export const CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

const SUFFIX = { gauge: '', counter: '_total', info: '_info' }

/** Formats metrics, read from the given facts. */
export function writeMetrics<Facts>(metrics: Readonly<Record<string, Metric<Facts>>>, facts: Facts): string {
  const families = Object.entries(metrics).map(([name, { type, unit, label, help, read }]) => {
    const head = [
      `# TYPE ${name} ${type}`,
      ...(unit ? [`# UNIT ${name} ${unit}`] : []),
      `# HELP ${name} ${help}`,
    ]
    const samples = read(facts).map((sample) => {
      const [of, value] = typeof sample === 'number' ? [null, sample] : sample
      return `${name}${SUFFIX[type]}${of === null ? '' : `{${label}="${escaped(of)}"}`} ${value}`
    })
    return [...head, ...samples].join('\n')
  })
  return `${families.join('\n')}\n# EOF\n`
}

function escaped(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
}

/** Milliseconds between samples of the event loop; a sample includes this interval, which is no delay. */
export const SAMPLE_MS = 20
const NS = 1e9

/** Reads a histogram of `monitorEventLoopDelay` and resets it. */
export function readLoopDelay(histogram: {
  count: number
  max: number
  percentile(percent: number): number
  reset(): void
}): LoopDelay {
  if (histogram.count === 0) return []
  const delay = (ns: number): number => Math.max(0, ns / NS - SAMPLE_MS / SECOND)
  const read = [
    ['0.5', delay(histogram.percentile(50))],
    ['0.99', delay(histogram.percentile(99))],
    ['1', delay(histogram.max)],
  ] as const
  histogram.reset()
  return read
}
