// SPDX-License-Identifier: AGPL-3.0-or-later
// Trains a network to read puzzles as an attacker would: with pictures drawn by the project's own code, of known letters.

import { createNetwork, type LayerShape, type Network } from './network.js'

/** Pixels that the network sees. Pictures are scaled to it. */
const [ROWS, COLUMNS] = [50, 148]
/** Columns of its answers. */
const SLOTS = 37
const LAYERS: readonly LayerShape[] = [
  { kernel: [5, 5], padding: [2, 2], filters: 8, pool: [2, 2] },
  { kernel: [3, 3], padding: [1, 1], filters: 24, pool: [2, 2] },
  { kernel: [3, 3], padding: [1, 1], filters: 48, pool: [2, 1] },
  { kernel: [6, 5], padding: [0, 2], filters: 96 },
]
const BATCH = 16
/** Rate of learning, until the last fifth of the training. */
const RATE = 0.001

/** A picture of known letters. */
export interface Example {
  greys: Uint8Array
  width: number
  word: string
  /** column of the middle of each letter, in pixels of the picture */
  middles: readonly number[]
}

export interface Reader {
  /**
   * Trains with new pictures, and returns their number.
   * @param until seconds of processor time, or pictures: the same on a slow machine
   */
  train(example: () => Example, until: { seconds: number } | { pictures: number }): number
  read(example: Example): string
}

/** @param letters that can occur */
export function createReader(letters: string, [shortest, longest]: readonly [number, number]): Reader {
  const classes = Math.ceil((letters.length + 1) / 8) * 8
  const network: Network = createNetwork(
    [ROWS, COLUMNS],
    [...LAYERS, { kernel: [1, 1], padding: [0, 0], filters: classes, linear: true }],
    Math.random,
  )
  const none = letters.length
  const gradients = new Float32Array(SLOTS * classes)

  /** Turns a slot's values into probabilities. */
  function softmax(values: Float32Array, slot: number): number[] {
    const own = Array.from(values.subarray(slot * classes, slot * classes + none + 1))
    const most = Math.max(...own)
    const raised = own.map((value) => Math.exp(value - most))
    const sum = raised.reduce((total, each) => total + each, 0)
    return raised.map((each) => each / sum)
  }

  function learn(example: Example): void {
    const values = network.forward(scale(example))
    const wanted: number[] = Array(SLOTS).fill(none)
    const slots = example.middles.map((middle) =>
      Math.min(SLOTS - 1, Math.max(0, Math.floor((middle / example.width) * SLOTS))),
    )
    // beside a letter's middle either answer will do
    for (const slot of slots) for (const near of [slot - 1, slot + 1]) wanted[near] = -1
    for (const [at, slot] of slots.entries()) wanted[slot] = letters.indexOf(example.word[at] as string)
    gradients.fill(0)
    for (let slot = 0; slot < SLOTS; slot++) {
      const want = wanted[slot] as number
      if (want < 0) continue
      const likely = softmax(values, slot)
      for (const [at, each] of likely.entries()) gradients[slot * classes + at] = each - (at === want ? 1 : 0)
    }
    network.backward(gradients)
  }

  return {
    train(example, until) {
      const start = process.cpuUsage()
      let pictures = 0
      /** share of the training that is over */
      const done = (): number => {
        if ('pictures' in until) return pictures / until.pictures
        const { user, system } = process.cpuUsage(start)
        return (user + system) / 1e6 / until.seconds
      }
      while (done() < 1) {
        for (let at = 0; at < BATCH; at++, pictures++) learn(example())
        network.step(RATE * (done() > 0.8 ? 0.25 : 1), BATCH)
      }
      return pictures
    },
    read(example) {
      const values = network.forward(scale(example))
      const likely = Array.from({ length: SLOTS }, (_, slot) => softmax(values, slot))
      const order = likely
        .map((each, slot) => ({ slot, sure: 1 - (each[none] as number) }))
        .sort((one, other) => other.sure - one.sure)
      const taken: number[] = []
      for (const { slot, sure } of order) {
        if (taken.length === longest || (taken.length >= shortest && sure < 0.5)) break
        if (taken.every((other) => Math.abs(other - slot) > 1)) taken.push(slot)
      }
      return taken
        .sort((one, other) => one - other)
        .map((slot) => {
          const own = (likely[slot] as number[]).slice(0, none)
          return letters[own.indexOf(Math.max(...own))]
        })
        .join('')
    },
  }
}

/** Scales a picture to what the network sees: -1 is its mean minus two deviations. */
function scale({ greys, width }: Example): Float32Array {
  const height = greys.length / width
  const pixels = new Float32Array(ROWS * COLUMNS)
  const [sx, sy] = [width / COLUMNS, height / ROWS]
  let [sum, squares] = [0, 0]
  for (let y = 0, to = 0; y < ROWS; y++) {
    for (let x = 0; x < COLUMNS; x++, to++) {
      const [left, top] = [Math.floor(x * sx), Math.floor(y * sy)]
      const [right, bottom] = [
        Math.max(left + 1, Math.floor((x + 1) * sx)),
        Math.max(top + 1, Math.floor((y + 1) * sy)),
      ]
      let value = 0
      for (let py = top; py < bottom; py++)
        for (let px = left; px < right; px++) value += greys[py * width + px] as number
      value /= (right - left) * (bottom - top)
      pixels[to] = value
      sum += value
      squares += value * value
    }
  }
  const mean = sum / pixels.length
  const deviation = Math.sqrt(squares / pixels.length - mean * mean) + 1e-6
  for (let at = 0; at < pixels.length; at++) pixels[at] = ((pixels[at] as number) - mean) / (2 * deviation)
  return pixels
}
