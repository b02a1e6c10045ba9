// SPDX-License-Identifier: AGPL-3.0-or-later
// Matrix products in WebAssembly with SIMD, five times as fast as JavaScript: an hour of training must mean something.

/** What is used of the standard's interface; the types of the DOM, which has it, are not loaded here. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  Instance: new (module: object, imports: object) => { exports: Record<string, unknown> }
}

/** Pages of 64 KiB for the numbers of one network. */
const PAGES = 1024
// positions of the parameters and locals
const [A, B, C, M, N, K, ROW, COLUMN, I, J, L, PA, PB, PC, SPLAT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
] as const
/** rows and columns of a tile that stays in registers: 4 rows of 2 vectors */
const ROWS = 4
const V0 = SPLAT + 1
const V1 = V0 + 1
const SUMS = V1 + 1

export interface Memory {
  /** Reserves zeros. They are never freed. */
  floats(count: number): Float32Array
  /**
   * c += a · b, with b of k rows and c of m rows of n numbers.
   * @param m a multiple of 4
   * @param n a multiple of 8
   * @param row floats from a row of `a` to the next
   * @param column floats from a column of `a` to the next
   */
  multiply(
    a: Float32Array,
    b: Float32Array,
    c: Float32Array,
    size: { m: number; n: number; k: number; row: number; column: number },
  ): void
}

/** Creates a memory and its product. */
export function createMemory(): Memory {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES })
  const module = new WebAssembly.Module(assemble())
  const { exports } = new WebAssembly.Instance(module, { m: { m: memory } })
  const gemm = exports.g as (...values: number[]) => void
  let free = 0
  return {
    floats(count) {
      const view = new Float32Array(memory.buffer, free, count)
      free += Math.ceil(count / 4) * 16
      return view
    },
    multiply(a, b, c, { m, n, k, row, column }) {
      gemm(a.byteOffset, b.byteOffset, c.byteOffset, m, n, k, 4 * row, 4 * column)
    },
  }
}

const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const number = (value: number): number[] => [0x41, ...signed(value)]
const add = (local: number, ...by: number[]): number[] => [...get(local), ...by, 0x6a, ...set(local)]
const simd = (code: number): number[] => [0xfd, ...unsigned(code)]
const [LOAD, SPLAT_LOAD, STORE, PLUS, TIMES] = [simd(0), simd(9), simd(11), simd(228), simd(230)]
const at = (offset: number): number[] => [2, ...unsigned(offset)]
const MUL = 0x6c

/** A loop of `local` from 0 up to `end`. */
function loop(local: number, end: number, step: number, body: number[]): number[] {
  return [
    ...[...number(0), ...set(local), 0x03, 0x40, ...body, ...add(local, ...number(step))],
    ...[...get(local), ...get(end), 0x49, 0x0d, 0, 0x0b],
  ]
}

/** The program: for each tile of c, its sums over k. */
function assemble(): Uint8Array<ArrayBuffer> {
  const sums = Array.from({ length: ROWS }, (_, row) => [SUMS + 2 * row, SUMS + 2 * row + 1] as const)
  type Halves = readonly [number, number]
  const eachRow = (part: (halves: Halves, row: number) => number[]): number[] => sums.flatMap(part)
  const address = (base: number, i: number, stride: number[]): number[] => [
    ...[...get(base), ...get(i), ...stride, MUL, 0x6a],
  ]
  const nextRow = add(PC, ...get(N), ...number(4), MUL)
  const startC = [
    ...address(C, I, [...get(N), ...number(4), MUL]),
    ...get(J),
    ...number(4),
    MUL,
    0x6a,
    ...set(PC),
  ]
  const tile = [
    ...startC,
    ...eachRow((halves) => [
      ...halves.flatMap((sum, half) => [...get(PC), ...LOAD, ...at(16 * half), ...set(sum)]),
      ...nextRow,
    ]),
    ...[...address(A, I, get(ROW)), ...set(PA), ...address(B, J, number(4)), ...set(PB)],
    ...loop(L, K, 1, [
      ...[...get(PB), ...LOAD, ...at(0), ...set(V0), ...get(PB), ...LOAD, ...at(16), ...set(V1)],
      ...eachRow((halves, row) => [
        ...[...get(PA), ...get(ROW), ...number(row), MUL, 0x6a, ...SPLAT_LOAD, ...at(0), ...set(SPLAT)],
        ...halves.flatMap((sum, half) => [
          ...[...get(sum), ...get(SPLAT), ...get(half ? V1 : V0), ...TIMES, ...PLUS, ...set(sum)],
        ]),
      ]),
      ...add(PA, ...get(COLUMN)),
      ...add(PB, ...get(N), ...number(4), MUL),
    ]),
    ...startC,
    ...eachRow((halves) => [
      ...halves.flatMap((sum, half) => [...get(PC), ...get(sum), ...STORE, ...at(16 * half)]),
      ...nextRow,
    ]),
  ]
  const body = loop(I, M, ROWS, loop(J, N, 8, tile))
  const locals = [2, PC - I + 1, 0x7f, SUMS + 2 * ROWS - SPLAT, 0x7b]
  const code = [...locals, ...body, 0x0b]
  const section = (id: number, bytes: number[]): number[] => [id, ...unsigned(bytes.length), ...bytes]
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 8, ...Array(8).fill(0x7f), 0]),
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 1, ...unsigned(PAGES), ...unsigned(PAGES)]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x67, 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)]
}
