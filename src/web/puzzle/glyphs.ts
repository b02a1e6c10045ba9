// SPDX-License-Identifier: AGPL-3.0-or-later
// The letters of the puzzle and their shapes, as strokes on a grid. Letters that look or sound alike are left out.

/**
 * Letters that people can tell apart when they are distorted, and by their names in all languages of the pages. Hence no
 * B, C, D, G, P, V (they rhyme with E and T), F, J, K and N (S, T, X and M), I, O and Q.
 */
export const LETTERS = 'AEHLMRSTUWXYZ'

/** A stroke: points with x from 0 to 8 (10 for wide letters) and y from 0 (top) to 12 (base line) or 15 (below it); smooth or with corners. */
export interface Stroke {
  readonly smooth: boolean
  readonly points: ReadonlyArray<readonly [number, number]>
}

// Variants of each letter, separated by `;`. Strokes are separated by `/`, `~` starts a smooth one, and a point is two
// hexadecimal digits.
const SHAPES: Readonly<Record<string, string>> = {
  A: '0c 40 8c / 28 68; ~15 34 64 77 7c / ~78 48 1a 2c 5c 7a',
  E: '80 00 0c 8c / 06 66; 80 10 1c 8c / 16 76',
  H: '00 0c / 80 8c / 06 86; 10 1c / ~17 35 65 78 7c',
  L: '00 0c 8c; 10 1c 8c 89',
  M: '0c 00 57 a0 ac; 0c 10 59 90 ac; 04 0c / ~07 34 56 5c / ~57 84 a6 ac',
  R: '0c 00 / ~00 50 73 56 06 / 46 8c; 0c 00 60 73 56 06 / 46 8c',
  S: '~72 50 20 03 26 57 79 6c 3c 0a; ~81 40 13 46 79 4c 0b; ~83 60 31 14 36 68 7a 4c 1b',
  T: '00 80 / 40 4c; 02 00 80 82 / 40 4c',
  U: '~00 08 2c 6c 88 80; 00 0a 2c 6c 8a 80',
  W: '00 2c 54 8c a0; ~00 09 2c 5a 54 / ~54 5a 8c a9 a0; 00 1c 55 9c a0',
  X: '00 8c / 80 0c; 10 7c / 80 0c',
  Y: '00 45 80 / 45 4c; ~00 14 45 74 80 / 45 4c',
  Z: '00 80 0c 8c; 00 80 0c 8c / 26 66; ~00 40 80 46 0c 4c 8c',
}

/** The variants of a letter of `LETTERS`. */
export function shapesOf(letter: string): Stroke[][] {
  const variants = (SHAPES[letter] ?? '').split(';')
  return variants.map((variant) =>
    variant.split('/').map((stroke) => ({
      smooth: stroke.includes('~'),
      points: [...stroke.matchAll(/([0-9a-f])([0-9a-f])/g)].map(
        ([, x = '0', y = '0']) => [Number.parseInt(x, 16), Number.parseInt(y, 16)] as const,
      ),
    })),
  )
}
