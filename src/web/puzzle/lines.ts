// SPDX-License-Identifier: AGPL-3.0-or-later
// Places the letters of a picture: as lines of short segments, turned, overlapping and bent by waves.

import type { Stroke } from './glyphs.js'
import type { Random } from './random.js'
import type { Style } from './style.js'

/** Size of a picture in pixels. It fits a phone, and six letters fit in. */
export const WIDTH = 300
export const HEIGHT = 100
const MARGIN = 20
/** Pixels from point to point of a curve. */
const STEP = 4

/** Points as x, y, x, y … */
export type Line = number[]

/** Lines that are filled as one: a letter, or a stroke across letters. */
export interface Figure {
  lines: Line[]
  /** column of a letter's middle; null of other strokes */
  middle: number | null
}

/** Places the letters, with the strokes across them, in the order of drawing. */
export function placeLetters(word: string, style: Style, random: Random): Figure[] {
  const letters = [...word].map((letter) =>
    turned(random.pick(style.shapes.get(letter) ?? [[]]), style, random),
  )
  const widths = letters.map((lines) => extent(lines, 0).size)
  const gaps = widths.slice(1).map((width) => width * style.space * random.between(0.5, 1.2))
  const total = [...widths, ...gaps].reduce((sum, each) => sum + each, 0)
  // letters that are too wide together are squeezed, else they begin anywhere
  const room = WIDTH - 2 * MARGIN
  const squeeze = Math.min(1.2, room / total)
  let x = MARGIN + Math.max(0, room - total * squeeze) * random.next()
  const baseWave = random.between(0, 6.3)
  const figures = letters.map((lines, at): Figure => {
    const { low } = extent(lines, 0)
    const tall = extent(lines, 1)
    const y = HEIGHT / 2 - tall.low - tall.size / 2 + 7 * Math.sin(baseWave + at * 1.1) + random.around(7)
    const left = x
    for (const line of lines)
      shift(
        line,
        (px) => left + (px - low) * squeeze,
        (py) => py + y,
      )
    const width = (widths[at] as number) * squeeze
    x += width + (gaps[at] ?? 0) * squeeze
    return { lines, middle: left + width / 2 }
  })
  const all = [...figures, arc(random)]
  const bend = waves(style, random)
  for (const figure of all) {
    for (const line of figure.lines) bend(line)
    if (figure.middle !== null) {
      const bounds = extent(figure.lines, 0)
      figure.middle = bounds.low + bounds.size / 2
    }
  }
  return shuffled(all, random)
}

/** A letter around 0, 0: scaled, slanted and turned a little differently each time. */
function turned(strokes: readonly Stroke[], style: Style, random: Random): Line[] {
  const turn = random.around(style.turn)
  const [sin, cos] = [Math.sin(turn), Math.cos(turn)]
  const size = style.scale * random.between(0.85, 1.12)
  const [wide, tall] = [size * random.between(0.88, 1.1), size * random.between(0.92, 1.12)]
  const slant = style.slant + random.around(0.07)
  return withSerifs(strokes, style).map(({ smooth, points }) => {
    const line: Line = []
    for (const [px, py] of points) {
      const y = (py - 6 + random.around(0.12)) * tall
      const x = (px - 4 + random.around(0.12)) * wide - y * slant
      line.push(x * cos - y * sin, x * sin + y * cos)
    }
    return dense(line, smooth)
  })
}

/** A slab pen ends straight strokes with a bar across. */
function withSerifs(strokes: readonly Stroke[], { pen }: Style): Stroke[] {
  if (pen !== 'slab') return [...strokes]
  const bars: Stroke[] = []
  for (const { smooth, points } of strokes) {
    const [first, last] = [points[0], points.at(-1)]
    for (const end of smooth ? [] : [first, last]) {
      if (!end || (end[1] > 1.5 && end[1] < 10.5)) continue
      bars.push({
        smooth: false,
        points: [
          [end[0] - 1.5, end[1]],
          [end[0] + 1.5, end[1]],
        ],
      })
    }
  }
  return [...strokes, ...bars]
}

/** Adds points between the points of a line, on a Catmull-Rom curve if it is smooth. */
function dense(line: Line, smooth: boolean): Line {
  const count = line.length / 2
  const at = (point: number, axis: number): number =>
    line[2 * Math.max(0, Math.min(count - 1, point)) + axis] as number
  const all: Line = []
  for (let point = 0; point + 1 < count; point++) {
    const length = Math.hypot(at(point + 1, 0) - at(point, 0), at(point + 1, 1) - at(point, 1))
    const steps = Math.max(1, Math.ceil(length / STEP))
    for (let step = 0; step < steps; step++) {
      const t = step / steps
      for (const axis of [0, 1]) {
        const [p0, p1, p2, p3] = [-1, 0, 1, 2].map((next) => at(point + next, axis)) as [
          number,
          number,
          number,
          number,
        ]
        const straight = p1 + (p2 - p1) * t
        const curve =
          p1 + (t / 2) * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
        all.push(smooth ? curve : straight)
      }
    }
  }
  all.push(at(count - 1, 0), at(count - 1, 1))
  return all
}

/** A stroke across the whole picture: people follow it with the eye and see that it is no letter. */
function arc(random: Random): Figure {
  const line: Line = []
  for (const x of [-6, WIDTH * random.between(0.25, 0.45), WIDTH * random.between(0.55, 0.75), WIDTH + 6])
    line.push(x, random.between(12, HEIGHT - 12))
  return { lines: [dense(line, true)], middle: null }
}

/** Bends lines by waves in both directions. */
function waves({ wave, waveLength }: Style, random: Random): (line: Line) => void {
  const [a, b, c, d] = [0, 0, 0, 0].map(() => random.between(0, 6.3)) as [number, number, number, number]
  const length = (waveLength * random.between(0.8, 1.25)) / 6.3
  return (line) => {
    for (let at = 0; at < line.length; at += 2) {
      const [x, y] = [line[at] as number, line[at + 1] as number]
      line[at] = x + wave * (Math.sin(y / (length * 0.6) + a) + 0.5 * Math.sin(x / length + b))
      line[at + 1] = y + wave * (1.3 * Math.sin(x / length + c) + 0.5 * Math.sin(y / (length * 0.6) + d))
    }
  }
}

function shift(line: Line, x: (x: number) => number, y: (y: number) => number): void {
  for (let at = 0; at < line.length; at += 2) {
    line[at] = x(line[at] as number)
    line[at + 1] = y(line[at + 1] as number)
  }
}

function extent(lines: readonly Line[], axis: 0 | 1): { low: number; size: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const line of lines) {
    for (let at = axis; at < line.length; at += 2) {
      low = Math.min(low, line[at] as number)
      high = Math.max(high, line[at] as number)
    }
  }
  return { low, size: high - low }
}

function shuffled<T>(list: T[], random: Random): T[] {
  for (let at = list.length - 1; at > 0; at--) {
    const other = Math.floor(random.next() * (at + 1))
    ;[list[at], list[other]] = [list[other] as T, list[at] as T]
  }
  return list
}
