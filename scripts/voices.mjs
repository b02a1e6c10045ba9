#!/usr/bin/env node
// SPDX-License-Identifier: AGPL-3.0-or-later
// Records the letters of the puzzle in each language with espeak-ng (Debian package espeak-ng), for views/voices/.
// The recordings are part of the repository; this is only needed after a change of letters or languages.
// Usage: voices.mjs BUILD   a build with the modules web/puzzle/adpcm and web/puzzle/glyphs

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const load = (name) => import(pathToFileURL(join(resolve(process.argv[2]), `${name}.js`)).href)
const { INDEX, RATE, STEPS } = await load('web/puzzle/adpcm')
const { LETTERS } = await load('web/puzzle/glyphs')

/** Voice of espeak-ng, and the names of letters that it would not say alone. */
const VOICES = {
  en: { voice: 'en-gb', names: { Z: 'zed' } },
  de: { voice: 'de', names: {} },
  es: { voice: 'es', names: { Y: 'i griega' } },
  fr: { voice: 'fr', names: { E: 'e', Y: 'i grec' } },
  pt: { voice: 'pt-br', names: {} },
}
/** Words a minute: slow enough to be understood, short enough to be small. */
const SPEED = '140'
/** Loudness, of 32767, below which the ends of a recording are cut off. */
const SILENCE = 500

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

/** IMA ADPCM: four bits for each sample. */
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
    index = clamp(index + INDEX[code & 7], 0, STEPS.length - 1)
    bytes[at >> 1] |= at & 1 ? code << 4 : code
  }
  return bytes
}
