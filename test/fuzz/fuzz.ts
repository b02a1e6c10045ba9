// SPDX-License-Identifier: AGPL-3.0-or-later
// Fuzzing: how many cases each target is given, and how one is found again. `npm run fuzz` is the long form.

import fc, { type IAsyncProperty, type IProperty, type IRawProperty } from 'fast-check'

/** Cases of a target that costs microseconds each; the long form has 10^6. */
const CASES = Number(process.env.FUZZ_CASES ?? 1000)
const SEED = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED)

/**
 * Runs a property. A failure names its seed: run it again with FUZZ_SEED, and keep the case among the target's examples.
 * @param cost how many cheap cases one of these stands for
 * @param examples cases that have failed once, tried first
 */
export async function fuzz<T>(
  property: IProperty<T> | IAsyncProperty<T>,
  { cost = 1, examples = [] }: { cost?: number; examples?: T[] } = {},
): Promise<void> {
  const numRuns = Math.max(3, Math.ceil(CASES / cost)) + examples.length
  await fc.assert(property as IRawProperty<T>, {
    numRuns,
    examples,
    ...(SEED === undefined ? {} : { seed: SEED }),
  })
}

/** Bytes of any content. */
export const anyBytes = (maxLength = 300): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes))

/** What can happen to bytes on their way. */
export const damage: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc.oneof(
  fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(0, at % (bytes.length + 1))),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, mask]) => (bytes: Buffer) => {
    const changed = Buffer.from(bytes)
    if (changed.length > 0) changed[at % changed.length] = (changed[at % changed.length] as number) ^ mask
    return changed
  }),
  fc.tuple(fc.nat(), anyBytes(20)).map(([at, more]) => (bytes: Buffer) => {
    const place = at % (bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, place), more, bytes.subarray(place)])
  }),
  fc.tuple(fc.nat(), fc.nat(64)).map(([at, length]) => (bytes: Buffer) => {
    const place = at % (bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)])
  }),
)

/** Bytes cut at places, to be handed over in pieces. */
export function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length))
}

/** Strings of JSON as strangers send it: valid, nearly valid, and with the names that JavaScript minds. */
export const anyJson = (maxDepth = 4): fc.Arbitrary<unknown> =>
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth },
      fc.constantFrom(null, true, false, 0, -1, 1e308, 0.1, Number.MAX_SAFE_INTEGER + 1, '', 'ed25519'),
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'id', 'type')),
        tie('value'),
        { maxKeys: 5 },
      ),
    ),
  })).value
