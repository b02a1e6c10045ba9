// SPDX-License-Identifier: AGPL-3.0-or-later
// The styles of a relay's pictures, derived from a secret seed: a program trained on other relays meets another hand.

import { createHash } from 'node:crypto'
import { LETTERS, type Stroke, shapesOf } from './glyphs.js'
import { createRandom, type Random } from './random.js'

/** Styles in rotation: a program has to learn all of them. */
export const STYLES = 4

/** How strokes are drawn: of one width, with short bars at the ends, or as by a broad pen. */
type Pen = 'round' | 'slab' | 'broad'

/** How strokes are filled: with which pens, half their width in pixels, and the space between letters, by their width. */
const INKS = {
  solid: { pens: ['round', 'slab', 'broad'], radius: [2.3, 3.2], space: [0.04, 0.14] },
  hollow: { pens: ['round', 'slab'], radius: [3.6, 4.6], space: [0.1, 0.2] },
  striped: { pens: ['round'], radius: [3.6, 4.3], space: [0.12, 0.22] },
  dashed: { pens: ['round'], radius: [2.4, 3.2], space: [0.06, 0.14] },
  shadow: { pens: ['round', 'slab'], radius: [3.6, 4.6], space: [0.1, 0.2] },
  swapped: { pens: ['round'], radius: [2.8, 3.5], space: [0.06, 0.14] },
  banded: { pens: ['round', 'slab'], radius: [3, 4], space: [0.08, 0.16] },
} as const
export type Ink = keyof typeof INKS

/** What all pictures of one style have in common. */
export interface Style {
  readonly ink: Ink
  readonly pen: Pen
  /** direction of a broad pen, of stripes and of background lines, in radians */
  readonly angle: number
  /** half the width of a stroke, in pixels */
  readonly radius: number
  /** the variants of each letter's shape; each has its own deformation */
  readonly shapes: ReadonlyMap<string, ReadonlyArray<readonly Stroke[]>>
  /** pixels per unit of the grid of shapes */
  readonly scale: number
  /** sideways slant */
  readonly slant: number
  /** largest turn of a letter, in radians */
  readonly turn: number
  /** space between letters, by their width */
  readonly space: number
  /** size of waves, in pixels, and their length */
  readonly wave: number
  readonly waveLength: number
  /** period of stripes, dashes and background lines, in pixels */
  readonly period: number
  /** greys of ink and paper */
  readonly dark: number
  readonly light: number
}

/** Deformation of a shape's points, in units of its grid: enough for another hand, too little for another letter. */
const DEFORMATION = 0.3

/**
 * Derives the styles of a relay.
 * @param seed secret; the same seed gives the same styles
 */
export function deriveStyles(seed: Buffer): Style[] {
  const random = createRandom(createHash('sha256').update('captcha style').update(seed).digest())
  const inks = Object.keys(INKS) as Ink[]
  return Array.from({ length: STYLES }, () => {
    const ink = random.pick(inks)
    inks.splice(inks.indexOf(ink), 1)
    return makeStyle(ink, random)
  })
}

function makeStyle(ink: Ink, random: Random): Style {
  const { pens, radius, space } = INKS[ink]
  const pen = random.pick<Pen>(pens)
  return {
    ink,
    pen,
    angle: random.between(0.3, 1.2) * (random.chance(0.5) ? 1 : -1),
    // a broad pen is thin in one direction
    radius: random.between(radius[0], radius[1]) + (pen === 'broad' ? 1 : 0),
    shapes: new Map(
      [...LETTERS].map((letter) => [letter, shapesOf(letter).map((shape) => deform(shape, random))]),
    ),
    scale: random.between(4, 4.5),
    slant: random.around(0.12),
    turn: random.between(0.12, 0.2),
    space: random.between(space[0], space[1]),
    wave: random.between(1.5, 3.5),
    waveLength: random.between(70, 140),
    period: random.between(4, 5.5),
    dark: random.between(0, 60),
    light: random.between(215, 255),
  }
}

function deform(strokes: readonly Stroke[], random: Random): Stroke[] {
  // points that strokes share must move together, or the strokes come apart
  const moved = new Map<string, readonly [number, number]>()
  return strokes.map(({ smooth, points }) => ({
    smooth,
    points: points.map(([x, y]) => {
      const key = `${x},${y}`
      const to = moved.get(key) ?? ([x + random.around(DEFORMATION), y + random.around(DEFORMATION)] as const)
      moved.set(key, to)
      return to
    }),
  }))
}
