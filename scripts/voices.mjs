#!/usr/bin/env node
// SPDX-License-Identifier: AGPL-3.0-or-later
// Records the letters of the puzzle in each language with espeak-ng (Debian package espeak-ng), for views/voices/.
// The recordings are part of the repository; this is only needed after a change of letters or languages.
// Usage: voices.mjs

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LETTERS = 'AEHLMRSTUWXYZ'
/** Voice of espeak-ng, and the names of letters that it would not say alone. */
const VOICES = {
  en: { voice: 'en-gb', names: { Z: 'zed' } },
  de: { voice: 'de', names: {} },
  es: { voice: 'es', names: { Y: 'i griega' } },
  fr: { voice: 'fr', names: { E: 'e', Y: 'i grec' } },
  pt: { voice: 'pt-br', names: {} },
}
const RATE = 8000
/** Words a minute: slow enough to be understood, short enough to be small. */
const SPEED = '140'
/** Loudness, of 32767, below which the ends of a recording are cut off. */
const SILENCE = 500

/** IMA ADPCM: four bits for each sample. The same tables are in src/web/puzzle/adpcm.ts. */
const INDEX = [-1, -1, -1, -1, 2, 4, 6, 8]
const STEPS = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97,
  107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724,
  796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026,
  4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500,
  20350, 22385, 24623, 27086, 29794, 32767,
]

const clamp = (value, low, high) => Math.min(high, Math.max(low, value))
const target = fileURLToPath(new URL('../views/voices/', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'voices-'))
mkdirSync(target, { recursive: true })
for (const [language, { voice, names }] of Object.entries(VOICES)) {
  // a table of lengths in bytes, then the recordings
  const recordings = [...LETTERS].map((letter) => encode(record(voice, names[letter] ?? letter)))
  const table = Buffer.alloc(2 * LETTERS.length)
  for (const [at, { length }] of recordings.entries()) table.writeUInt16LE(length, 2 * at)
  const bytes = Buffer.concat([table, ...recordings])
  writeFileSync(join(target, `${language}.adpcm`), bytes)
  process.stdout.write(`${language}: ${bytes.length} bytes\n`)
}
rmSync(scratch, { recursive: true })

/** A name spoken, at 8 kHz, as loud as possible, without silence around it. */
function record(voice, name) {
  const path = join(scratch, 'name.wav')
  execFileSync('espeak-ng', ['-v', voice, '-s', SPEED, '-w', path, name])
  const wav = readFileSync(path)
  const rate = wav.readUInt32LE(24)
  const samples = Array.from({ length: (wav.length - 44) >> 1 }, (_, at) => wav.readInt16LE(44 + 2 * at))
  const slow = resample(samples, rate / RATE)
  const loudest = Math.max(...slow.map(Math.abs))
  const louder = slow.map((value) => Math.round((value * 30_000) / loudest))
  const first = louder.findIndex((value) => Math.abs(value) > SILENCE)
  const last = louder.findLastIndex((value) => Math.abs(value) > SILENCE)
  return louder.slice(Math.max(0, first - 80), last + 160)
}

/** Low-pass filter (a windowed sinc) and decimation by a factor that need not be whole. */
function resample(samples, factor) {
  const half = 24
  return Array.from({ length: Math.floor(samples.length / factor) }, (_, to) => {
    const middle = to * factor
    let [sum, weight] = [0, 0]
    for (let at = Math.ceil(middle) - half; at <= middle + half; at++) {
      const x = (at - middle) / factor
      const window = 0.5 + 0.5 * Math.cos((Math.PI * (at - middle)) / (half + 1))
      const share = (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)) * window
      sum += share * (samples[at] ?? 0)
      weight += share
    }
    return sum / weight
  })
}

function encode(samples) {
  const bytes = Buffer.alloc(Math.ceil(samples.length / 2))
  let [value, index] = [0, 0]
  for (const [at, sample] of samples.entries()) {
    const step = STEPS[index]
    const difference = sample - value
    let code = difference < 0 ? 8 : 0
    let left = Math.abs(difference)
    let moved = step >> 3
    for (const [bit, part] of [
      [4, step],
      [2, step >> 1],
      [1, step >> 2],
    ]) {
      if (left < part) continue
      code |= bit
      left -= part
      moved += part
    }
    value = clamp(value + (code & 8 ? -moved : moved), -32768, 32767)
    index = clamp(index + INDEX[code & 7], 0, 88)
    bytes[at >> 1] |= at & 1 ? code << 4 : code
  }
  return bytes
}
