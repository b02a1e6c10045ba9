// SPDX-License-Identifier: AGPL-3.0-or-later
// Draws puzzles in the styles of one relay.

import { randomBytes, randomInt } from 'node:crypto'
import type { DrawnCaptcha } from '../contract.js'
import { LETTERS } from './glyphs.js'
import { WIDTH } from './lines.js'
import { drawPicture } from './picture.js'
import { encodePng } from './png.js'
import { createRandom } from './random.js'
import { deriveStyles, type Style } from './style.js'

/** Letters in a puzzle: at least 270,000 combinations for one guess. A solver cannot rely on their number. */
export const LENGTHS = [5, 6] as const

/** A random word. Equal neighbours would be read as one letter. */
export function chooseWord(): string {
  const length = LENGTHS[randomInt(LENGTHS.length)] as number
  let word = ''
  while (word.length < length) {
    const letter = LETTERS[randomInt(LETTERS.length)] as string
    if (!word.endsWith(letter)) word += letter
  }
  return word
}

/**
 * Creates a function that draws puzzles.
 * @param seed secret; decides the styles
 */
export function createPainter(seed: Buffer): () => DrawnCaptcha {
  const styles = deriveStyles(seed)
  return () => {
    const word = chooseWord()
    const style = styles[randomInt(styles.length)] as Style
    const { greys } = drawPicture(word, style, createRandom(randomBytes(16)))
    return { answer: word.toLowerCase(), image: encodePng(greys, WIDTH), type: 'image/png' }
  }
}
