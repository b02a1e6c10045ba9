// SPDX-License-Identifier: AGPL-3.0-or-later
// Speaks the letters of a puzzle: recordings at varying speed and pitch, over babble of reversed letters, as a WAV file.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VIEWS } from '../views.js'
import { decodeAdpcm, RATE } from './adpcm.js'
import { LETTERS } from './glyphs.js'
import { createRandom, type Random } from './random.js'
import type { SoundBuffer, SoundBuffers } from './sound-buffers.js'

/** Seconds between letters: time to type one. */
const GAP = [0.7, 1.2] as const
/** Seconds before the first letter. */
const LEAD = 0.8
/** Loudness of letters, of one layer of babble, and of noise, where 1 is the most. */
const [VOICE, BABBLE, NOISE] = [0.75, 0.1, 0.015]
const LAYERS = 2
/** Bytes of the WAV header. */
const HEADER = 44

export interface Speech {
  /** of the recordings, as in `views/voices` */
  language: string
  /** secret seed of the relay: its voice is higher or lower, faster or slower than that of others */
  relay: Buffer
  /** decides the rest: the same seed gives the same bytes, so that noise cannot be removed by averaging */
  seed: Buffer
  /** memory for the file */
  buffers: SoundBuffers
}

/**
 * Speaks letters; characters that are none of the alphabet are left out.
 * @param letters in either case
 * @returns a WAV file, 8 bits mono
 * @throws RelayError `busy` while too many sounds are being sent
 */
export async function speak(
  letters: string,
  { language, relay, seed, buffers }: Speech,
): Promise<SoundBuffer> {
  const voices = decodeVoices(await recordings(language))
  const own = createRandom(createHash('sha256').update('captcha voice').update(relay).digest())
  const pace = own.between(0.94, 1.1)
  const random = createRandom(createHash('sha256').update(relay).update(seed).digest())

  let length = Math.round(LEAD * RATE)
  const sounds: Sound[] = []
  for (const letter of letters.toUpperCase()) {
    const samples = voices[LETTERS.indexOf(letter)]
    if (!samples) continue
    const speed = pace * random.between(0.9, 1.12)
    sounds.push({ samples, speed, loudness: VOICE * random.between(0.8, 1.1), at: length })
    length += Math.round(samples.length / speed + RATE * random.between(...GAP))
  }
  const mixed = scratchFor('mix', length)
  for (let at = 0; at < length; at++) mixed[at] = random.around(NOISE)
  for (const sound of sounds) add(mixed, sound)
  for (let layer = 0; layer < LAYERS; layer++) babble(mixed, random, voices)
  const file = buffers.take(HEADER + mixed.length)
  encodeWav(mixed, file.bytes)
  return file
}

let lastRead = { language: '', file: Buffer.alloc(0) }

/** The recordings of a language, some 20 KB; those read last are kept. */
async function recordings(language: string): Promise<Buffer> {
  if (lastRead.language !== language) {
    const file = await readFile(join(VIEWS, 'voices', `${language}.adpcm`))
    lastRead = { language, file }
  }
  return lastRead.file
}

/** Memory for mixing, used again for each sound: some 500 KB that are freed and reserved each time fragment the heap. */
const scratch = { mix: new Float32Array(0), voices: new Float32Array(0) }

/** Memory of this length; it is valid until the next `await`. */
function scratchFor(use: keyof typeof scratch, length: number): Float32Array {
  if (scratch[use].length < length) scratch[use] = new Float32Array(length)
  return scratch[use].subarray(0, length)
}

interface Sound {
  samples: Float32Array
  /** above 1: faster and higher; negative: reversed */
  speed: number
  loudness: number
  /** first sample in the mix */
  at: number
}

/** Adds reversed letters without a pause. */
function babble(mixed: Float32Array, random: Random, voices: readonly Float32Array[]): void {
  let at = Math.round(random.between(0, 0.4) * RATE)
  while (at < mixed.length) {
    const samples = random.pick(voices)
    const speed = random.between(0.7, 1.3)
    add(mixed, { samples, speed: -speed, loudness: BABBLE * random.between(0.6, 1.4), at })
    at += Math.round((samples.length / speed) * random.between(0.7, 1))
  }
}

/** Adds a sound, between its samples where the speed needs it. */
function add(mixed: Float32Array, { samples, speed, loudness, at }: Sound): void {
  const last = samples.length - 1
  const end = Math.min(Math.floor(last / Math.abs(speed)), mixed.length - at)
  for (let step = 0; step < end; step++) {
    const from = speed > 0 ? step * speed : last + step * speed
    const before = Math.floor(from)
    const share = from - before
    const sample = (samples[before] as number) * (1 - share) + (samples[before + 1] ?? 0) * share
    mixed[at + step] = (mixed[at + step] as number) + loudness * sample
  }
}

/** A file begins with the length of each recording, 16 bits little endian. */
function decodeVoices(file: Buffer): Float32Array[] {
  let from = 2 * LETTERS.length
  const all = scratchFor('voices', 2 * (file.length - from))
  let used = 0
  return [...LETTERS].map((_, letter) => {
    const bytes = file.subarray(from, from + file.readUInt16LE(2 * letter))
    const samples = all.subarray(used, used + 2 * bytes.length)
    decodeAdpcm(bytes, samples)
    from += bytes.length
    used += samples.length
    return samples
  })
}

function encodeWav(samples: Float32Array, file: Buffer): void {
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  file.writeUInt32LE(16, 16)
  // PCM, mono
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(RATE, 24)
  file.writeUInt32LE(RATE, 28)
  file.writeUInt16LE(1, 32)
  file.writeUInt16LE(8, 34)
  file.write('data', 36, 'latin1')
  file.writeUInt32LE(samples.length, 40)
  for (let at = 0; at < samples.length; at++) {
    file[HEADER + at] = Math.min(255, Math.max(0, Math.round(128 + 127 * (samples[at] as number))))
  }
}
