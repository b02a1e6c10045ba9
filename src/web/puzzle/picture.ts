// SPDX-License-Identifier: AGPL-3.0-or-later
// Draws the picture of a puzzle: each figure as a field of distances, inked in its style.

import { type Figure, HEIGHT, placeLetters, WIDTH } from './lines.js'
import type { Random } from './random.js'
import type { Style } from './style.js'

/** Beyond this distance from a stroke, in pixels, nothing is inked. */
const REACH = 2
const FAR = 99
/** Width of the stroke across the letters, by theirs: people see the difference. */
const ARC_RADIUS = 0.55
/** Greys by which the brightness varies. */
const TONE = 22

/** A drawn picture, and where its letters are: the tests train a solver with that. */
export interface Picture {
  /** row by row, 0 (black) to 255 */
  greys: Uint8Array
  /** the columns of the letters' middles, in no order */
  figures: Figure[]
}

/** Draws a word in a style. */
export function drawPicture(word: string, style: Style, random: Random): Picture {
  const figures = placeLetters(word, style, random)
  const ink = new Float32Array(WIDTH * HEIGHT)
  const field = new Float32Array(WIDTH * HEIGHT).fill(FAR)
  const paint = inkOf(style, random)
  for (const figure of figures) {
    const { left, right, top, bottom } = measure(figure, style, field)
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++) paint.figure(ink, y * WIDTH + x, field, x, y)
    for (let y = top; y <= bottom; y++) field.fill(FAR, y * WIDTH + left, y * WIDTH + right + 1)
  }
  paint.finish?.(ink)
  const greys = new Uint8Array(WIDTH * HEIGHT)
  // brightness varies over the picture, so that no threshold separates ink and paper
  const tone = createWave(random.around(0.03), random.around(0.06), random.between(0, 6.3))
  const [inked, paper] = random.chance(0.5) ? [style.dark, style.light] : [style.light, style.dark]
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, at++) {
      const covered = Math.min(1, Math.max(0, ink[at] as number))
      const value = paper + (inked - paper) * covered + TONE * tone(x, y)
      greys[at] = Math.min(255, Math.max(0, value))
    }
  }
  return { greys, figures }
}

/** Fills the field with the distance of each pixel from the edge of a figure's strokes, negative inside. */
function measure({ lines, middle }: Figure, style: Style, field: Float32Array) {
  const width = middle === null ? ARC_RADIUS * style.radius : style.radius
  const reach = style.radius + REACH
  let [left, right, top, bottom] = [WIDTH, 0, HEIGHT, 0]
  for (const line of lines) {
    for (let at = 0; at < line.length; at += 2) {
      const [x, y] = [line[at] as number, line[at + 1] as number]
      left = Math.min(left, x - reach)
      right = Math.max(right, x + reach)
      top = Math.min(top, y - reach)
      bottom = Math.max(bottom, y + reach)
    }
  }
  left = Math.max(0, Math.floor(left))
  right = Math.min(WIDTH - 1, Math.ceil(right))
  top = Math.max(0, Math.floor(top))
  bottom = Math.min(HEIGHT - 1, Math.ceil(bottom))
  for (const line of lines) {
    let along = 0
    for (let at = 0; at + 3 < line.length; at += 2) {
      const [ax, ay, bx, by] = [line[at], line[at + 1], line[at + 2], line[at + 3]] as [
        number,
        number,
        number,
        number,
      ]
      along += segment(field, ax, ay, bx, by, style, width, along)
    }
  }
  return { left, right, top, bottom }
}

/** One segment of a stroke. Returns its length. */
function segment(
  field: Float32Array,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  style: Style,
  width: number,
  along: number,
): number {
  const [dx, dy] = [bx - ax, by - ay]
  const length = Math.hypot(dx, dy)
  if (style.ink === 'dashed' && (along / (2.2 * style.period)) % 1 > 0.78) return length
  // a broad pen is thin along its direction
  const across = Math.abs(Math.sin(Math.atan2(dy, dx) - style.angle))
  const radius = style.pen === 'broad' ? width * (0.35 + 0.65 * across) : width
  const reach = radius + REACH
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach))
  const right = Math.min(WIDTH - 1, Math.ceil(Math.max(ax, bx) + reach))
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach))
  const bottom = Math.min(HEIGHT - 1, Math.ceil(Math.max(ay, by) + reach))
  const square = dx * dx + dy * dy || 1
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square))
      const px = x - ax - t * dx
      const py = y - ay - t * dy
      const distance = Math.sqrt(px * px + py * py) - radius
      const at = y * WIDTH + x
      if (distance < (field[at] as number)) field[at] = distance
    }
  }
  return length
}

interface Paint {
  /** Inks the pixel `at` of one figure. */
  figure(ink: Float32Array, at: number, field: Float32Array, x: number, y: number): void
  finish?(ink: Float32Array): void
}

/** sin(x · right + y · down + phase), from one table per axis: sines of all pixels would take longer than the letters. */
function createWave(right: number, down: number, phase: number): (x: number, y: number) => number {
  const table = (size: number, of: (at: number) => number) =>
    Float32Array.from({ length: size }, (_, at) => of(at))
  const [sinX, cosX] = [table(WIDTH, (x) => Math.sin(x * right)), table(WIDTH, (x) => Math.cos(x * right))]
  const sinY = table(HEIGHT, (y) => Math.sin(y * down + phase))
  const cosY = table(HEIGHT, (y) => Math.cos(y * down + phase))
  return (x, y) => (sinX[x] as number) * (cosY[y] as number) + (cosX[x] as number) * (sinY[y] as number)
}

const cover = (distance: number): number => Math.min(1, Math.max(0, 0.5 - distance))

function inkOf(style: Style, random: Random): Paint {
  const [sin, cos] = [Math.sin(style.angle), Math.cos(style.angle)]
  const phase = random.between(0, 6.3)
  const frequency = (2 * Math.PI) / style.period
  const darken = (ink: Float32Array, at: number, by: number): void => {
    if (by > (ink[at] as number)) ink[at] = by
  }
  switch (style.ink) {
    case 'hollow':
      return {
        figure(ink, at, field) {
          const distance = field[at] as number
          // what is below shines through, else the letter on top would be easy to cut out
          if (distance < -1) ink[at] = (ink[at] as number) * 0.75
          darken(ink, at, cover(Math.abs(distance + 1) - 0.9))
        },
      }
    case 'striped': {
      const stripe = createWave(cos * frequency, sin * frequency, phase)
      return {
        figure: (ink, at, field, x, y) =>
          darken(ink, at, cover(field[at] as number) * Math.min(1, Math.max(0.42, 0.7 + 0.9 * stripe(x, y)))),
      }
    }
    case 'shadow': {
      const [right, down] = [random.chance(0.5) ? 3 : -3, 3]
      return {
        figure(ink, at, field, x, y) {
          const from = at - down * WIDTH - right
          const inside = x - right >= 0 && x - right < WIDTH && y >= down
          const cast = inside ? cover(field[from] as number) : 0
          const own = cover(field[at] as number)
          darken(
            ink,
            at,
            Math.max(cast * (1 - own), 0.5 * cover(Math.abs((field[at] as number) + 0.5) - 0.5)),
          )
        },
      }
    }
    case 'swapped':
      return {
        figure: (ink, at, field) => darken(ink, at, cover(field[at] as number)),
        finish(ink) {
          const right = random.between(0.045, 0.07)
          const one = createWave(right, 0, phase)
          const other = createWave(right * 0.6, random.between(0.04, 0.07), 0)
          for (let y = 0, at = 0; y < HEIGHT; y++) {
            for (let x = 0; x < WIDTH; x++, at++) {
              const edge = one(x, y) + other(x, y)
              const side = Math.min(1, Math.max(0, 0.5 + 15 * edge))
              const own = ink[at] as number
              ink[at] = own * (1 - side) + (1 - own) * side
            }
          }
        },
      }
    case 'banded':
      return {
        figure: (ink, at, field) => darken(ink, at, cover(field[at] as number)),
        finish(ink) {
          const band = 3 * style.period
          for (let y = 0; y < HEIGHT; y++) {
            const row = ink.subarray(y * WIDTH, (y + 1) * WIDTH)
            if ((y / band + phase) % 1 < 0.5) row.copyWithin(1, 0)
            else row.copyWithin(0, 1)
          }
        },
      }
    default:
      return { figure: (ink, at, field) => darken(ink, at, cover(field[at] as number)) }
  }
}
