// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads V8's CPU profiles: which functions took the time, as a ranked list.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Profile {
  nodes: Array<{
    id: number
    callFrame: { functionName: string; url: string; lineNumber: number }
    children?: number[]
  }>
  samples: number[]
  timeDeltas: number[]
}

/** Where a call frame stands, from the package or the source directory on. */
function place(url: string, line: number): string {
  if (!url) return ''
  const path = url.split('/node_modules/').pop()?.split('/dist/').pop() ?? url
  return ` ${path}:${line + 1}`
}

/** The newest profile of a directory: the share of each function's own time, without what was idle. */
export function ranking(directory: string, most = 40): string {
  const newest = readdirSync(directory)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .pop()
  if (!newest) throw new Error(`${directory} holds no profile`)
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(directory, newest), 'utf8')) as Profile
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'}${place(url, lineNumber)}`,
    ]),
  )
  const own = new Map<string, number>()
  let total = 0
  samples.forEach((sample, i) => {
    const name = names.get(sample) ?? '?'
    if (name === '(idle)') return
    const time = timeDeltas[i] ?? 0
    own.set(name, (own.get(name) ?? 0) + time)
    total += time
  })
  const lines = [...own]
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(6)} %  ${name}`)
  return [`${newest}: ${(total / 1e6).toFixed(2)} s of work`, ...lines, ''].join('\n')
}
