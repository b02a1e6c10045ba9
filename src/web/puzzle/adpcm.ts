// SPDX-License-Identifier: AGPL-3.0-or-later
// Decodes recordings in IMA ADPCM (four bits for a sample), as scripts/voices.mjs makes them.

/** Samples per second, as on the telephone: enough for letters. */
export const RATE = 8000

/** By how much a code moves the step, in the table of steps. */
export const INDEX = [-1, -1, -1, -1, 2, 4, 6, 8]

/** Decodes a recording to samples from -1 to 1: two for each byte. */
export function decodeAdpcm(bytes: Buffer, samples: Float32Array): void {
  let value = 0
  let index = 0
  for (let at = 0; at < samples.length; at++) {
    const code = ((bytes[at >> 1] as number) >> (at & 1 ? 4 : 0)) & 15
    const step = STEPS[index] as number
    let moved = step >> 3
    if (code & 4) moved += step
    if (code & 2) moved += step >> 1
    if (code & 1) moved += step >> 2
    value = Math.min(32_767, Math.max(-32_768, value + (code & 8 ? -moved : moved)))
    index = Math.min(STEPS.length - 1, Math.max(0, index + (INDEX[code & 7] as number)))
    samples[at] = value / 32_768
  }
}

/** The step sizes of the standard. */
export const STEPS = [
  ...[
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88,
    97,
  ],
  ...[
    107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724,
  ],
  ...[
    796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026,
  ],
  ...[4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10_442, 11_487, 12_635, 13_899, 15_289, 16_818],
  ...[18_500, 20_350, 22_385, 24_623, 27_086, 29_794, 32_767],
]
