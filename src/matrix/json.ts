// SPDX-License-Identifier: AGPL-3.0-or-later
// JSON as Matrix signs it: a strict parser for what servers send, and the canonical form.

import { MATRIX_JSON_DEPTH, MATRIX_JSON_VALUES } from '../lib/matrix-limits.js'
import { badJson, notJson } from './errors.js'

export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** Whether text has no surrogate without its other half: such text has no UTF-8 form. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)

/** True for a JSON object, not for a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const SPACE = /[ \t\n\r]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const WORD = /true|false|null/y

/** A number as its sender wrote it. */
class NumberText {
  constructor(readonly text: string) {}
}

/** How many values may still be parsed: each takes some fifty bytes of memory, and two of text. */
export interface ValueBudget {
  left: number
}

/**
 * Parses JSON. What has no canonical form (a fraction, an exponent, an object that names a key twice) becomes NaN, so
 * that the event it stands in is refused and its neighbours in the same request are not.
 * @param budget reduced by the values of the text
 * @throws MatrixError `M_NOT_JSON`, `M_BAD_JSON` for JSON that is too deep or has too many values
 */
export function parseJson(text: string, budget: ValueBudget = { left: MATRIX_JSON_VALUES }): Json {
  return parse(text, budget, ([whole, fraction, exponent]) =>
    fraction || exponent ? Number.NaN : Number(whole),
  )
}

/**
 * Parses JSON for `canonicalJson` alone: numbers stay as they were written. Homeservers sign requests in which a client
 * of theirs has put a fraction, and write them as they sign them.
 * @throws MatrixError as `parseJson` does
 */
export function parseAsSigned(text: string): Json {
  return parse(text, { left: MATRIX_JSON_VALUES }, ([whole]) => new NumberText(whole) as unknown as Json)
}

function parse(text: string, budget: ValueBudget, numberOf: (found: RegExpExecArray) => Json): Json {
  let at = 0
  const bad = (): Error => notJson(`not JSON at character ${at}`)

  function take(form: RegExp): string | null {
    form.lastIndex = at
    const found = form.exec(text)
    if (!found) return null
    at = form.lastIndex
    return found[0]
  }

  function mark(character: string): boolean {
    take(SPACE)
    if (text[at] !== character) return false
    at += 1
    return true
  }

  function string(): string | null {
    const raw = take(STRING)
    if (raw === null) return null
    return raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1)
  }

  function list(depth: number): Json[] {
    const items: Json[] = []
    if (mark(']')) return items
    do items.push(value(depth))
    while (mark(','))
    if (!mark(']')) throw bad()
    return items
  }

  function object(depth: number): Json {
    const fields: JsonObject = {}
    let twice = false
    if (mark('}')) return fields
    do {
      take(SPACE)
      const key = string()
      if (key === null || !mark(':')) throw bad()
      if (Object.hasOwn(fields, key)) twice = true
      const held = value(depth)
      if (key === '__proto__')
        Object.defineProperty(fields, key, {
          value: held,
          enumerable: true,
          writable: true,
          configurable: true,
        })
      else fields[key] = held
    } while (mark(','))
    if (!mark('}')) throw bad()
    return twice ? Number.NaN : fields
  }

  function value(depth: number): Json {
    if (depth > MATRIX_JSON_DEPTH) throw badJson('JSON too deep')
    if (--budget.left < 0) throw badJson('JSON with too many values')
    take(SPACE)
    const first = text[at]
    if (first === '"') {
      const found = string()
      if (found === null) throw bad()
      return found
    }
    if (first === '{' || first === '[') {
      at += 1
      return first === '{' ? object(depth + 1) : list(depth + 1)
    }
    const word = take(WORD)
    if (word !== null) return word === 'null' ? null : word === 'true'
    NUMBER.lastIndex = at
    const number = NUMBER.exec(text)
    if (!number) throw bad()
    at = NUMBER.lastIndex
    return numberOf(number)
  }

  const parsed = value(0)
  take(SPACE)
  if (at !== text.length) throw bad()
  return parsed
}

/** Keys in the order of their code points: that of UTF-16 differs where characters outside the first plane are used. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x === y) continue
    const [high, low] = [isSurrogate(x), isSurrogate(y)]
    if (high !== low) return high ? 1 : -1
    return x - y
  }
  return a.length - b.length
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff

function quoted(text: string): string {
  if (!isWellFormed(text)) throw badJson('a lone surrogate')
  return JSON.stringify(text)
}

/**
 * The canonical form: keys sorted, no spaces, whole numbers within 53 bits alone (`parseAsSigned`: numbers as written).
 * @throws MatrixError `M_BAD_JSON` for a value that has none
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MATRIX_JSON_DEPTH) throw badJson('JSON too deep')
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quoted(value)
  if (value instanceof NumberText) return value.text
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw badJson('a number that is no safe integer, or a key given twice')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each, depth + 1)).join(',')}]`
  if (!isObject(value)) throw badJson('no JSON value')
  const keys = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort(byCodePoint)
  return `{${keys.map((key) => `${quoted(key)}:${canonicalJson(value[key], depth + 1)}`).join(',')}}`
}
