// SPDX-License-Identifier: AGPL-3.0-or-later
// An attack on the puzzle's picture: a network learns to read from pictures that the project's own code draws.

import t from 'tap'
import { LETTERS } from '../../src/web/puzzle/glyphs.js'
import { LENGTHS } from '../../src/web/puzzle/painter.js'
import { easy, ofAnyRelay, ofRelay } from './solver/examples.js'
import { createReader, type Example, type Reader } from './solver/reader.js'

const LONG = process.env.TIDE_ATTACKS === 'long'
/** Minutes of processor time after which the long form reads pictures of relays it never saw. */
const MINUTES = (process.env.TIDE_SOLVER_MINUTES ?? '2.5 10 60').split(' ').map(Number)
/** Relays that the trained solver is tried on, and pictures of each. */
const [RELAYS, PICTURES] = LONG ? [20, 50] : [10, 20]

/** Pictures to learn the easy form from, and of the real one in the short form: some seconds each. */
const [EASY, SHORT] = [640, 256]

/** How many of 1,000 words, and of 1,000 letters of words with the right length, the solver reads. */
function rates(reader: Reader, examples: Example[]): { words: number; letters: number } {
  let [words, letters, compared] = [0, 0, 0]
  for (const example of examples) {
    const given = reader.read(example)
    if (given === example.word) words++
    if (given.length !== example.word.length) continue
    compared += given.length
    letters += [...given].filter((letter, at) => letter === example.word[at]).length
  }
  return {
    words: Math.round((1000 * words) / examples.length),
    letters: Math.round((1000 * letters) / Math.max(1, compared)),
  }
}

const some = (example: () => Example, count: number): Example[] => Array.from({ length: count }, example)

t.test('the solver learns an easy form', { timeout: 300_000 }, async (t) => {
  const letters = 'AHSZ'
  const reader = createReader(letters, LENGTHS)
  reader.train(easy(letters), { pictures: EASY })
  const { words, letters: read } = rates(reader, some(easy(letters), 100))
  t.comment(`it reads ${words} of 1,000 words and ${read} of 1,000 letters`)
  // a guess reads 1 word and 250 letters
  t.ok(words > 100 && read > 500, 'it can learn')
})

t.test('how much it reads of the real form', { timeout: 24 * 3_600_000 }, async (t) => {
  const reader = createReader(LETTERS, LENGTHS)
  const training = ofAnyRelay()
  let [trained, pictures] = [0, 0]
  for (const minutes of LONG ? MINUTES : [0]) {
    pictures += reader.train(training, LONG ? { seconds: 60 * (minutes - trained) } : { pictures: SHORT })
    trained = minutes
    const unseen = Array.from({ length: RELAYS }, () => some(ofRelay(), PICTURES)).flat()
    const { words, letters } = rates(reader, unseen)
    t.comment(
      `after ${minutes} min and ${pictures} pictures: ${words} of 1,000 words, ${letters} of 1,000 letters`,
    )
    if (!LONG) t.ok(words < 50, 'it reads less than 5 %')
    else if (minutes >= 10)
      t.ok(letters > 500, 'the solver is strong enough for its figure to mean something')
  }
})
