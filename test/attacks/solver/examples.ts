// SPDX-License-Identifier: AGPL-3.0-or-later
// Pictures to train and test the solver with: of random styles, of one relay, and of an easy form.

import { randomBytes, randomInt } from 'node:crypto'
import { LETTERS, shapesOf } from '../../../src/web/puzzle/glyphs.js'
import { WIDTH } from '../../../src/web/puzzle/lines.js'
import { chooseWord } from '../../../src/web/puzzle/painter.js'
import { drawPicture } from '../../../src/web/puzzle/picture.js'
import { createRandom } from '../../../src/web/puzzle/random.js'
import { deriveStyles, type Style } from '../../../src/web/puzzle/style.js'
import type { Example } from './reader.js'

/** Relays whose styles are in use at once, and pictures after which one is replaced. */
const [MIXED, REPLACED_AFTER] = [16, 8]

const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T

/** Draws a picture, and notes where its letters are. */
function draw(word: string, style: Style): Example {
  const { greys, figures } = drawPicture(word, style, createRandom(randomBytes(16)))
  const middles = figures.flatMap(({ middle }) => middle ?? []).sort((one, other) => one - other)
  return { greys, width: WIDTH, word, middles }
}

/** Pictures of one relay, which the attacker has never seen. */
export function ofRelay(seed = randomBytes(32)): () => Example {
  const styles = deriveStyles(seed)
  return () => draw(chooseWord(), pick(styles))
}

/** Pictures of ever new relays: all that the attacker can draw. */
export function ofAnyRelay(): () => Example {
  const relays = Array.from({ length: MIXED }, () => ofRelay())
  let drawn = 0
  return () => {
    if (++drawn % REPLACED_AFTER === 0) relays[randomInt(MIXED)] = ofRelay()
    return pick(relays)()
  }
}

/** The easy form: letters in a row, upright and alike. What a solver must be able to read. */
export function easy(letters: string): () => Example {
  const [style] = deriveStyles(Buffer.alloc(32))
  const shapes = new Map([...LETTERS].map((letter) => [letter, shapesOf(letter).slice(0, 1)]))
  const plain: Style = {
    ...(style as Style),
    ...{
      ink: 'solid',
      pen: 'round',
      radius: 2.5,
      shapes,
      slant: 0,
      turn: 0,
      wave: 0,
      space: 0.2,
      dark: 0,
      light: 255,
    },
  }
  return () => draw(Array.from({ length: 5 + randomInt(2) }, () => pick([...letters])).join(''), plain)
}
