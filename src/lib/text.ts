// SPDX-License-Identifier: AGPL-3.0-or-later
// Text for people: removes characters that could disturb a page or a terminal, and puts numbers with their nouns.

import { KIB } from './units.js'

/** Control characters except the line feed, and bidirectional controls. */
const DISTURBING = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu

/** Replaces each disturbing character with a space and each line end with a line feed, and trims. Never longer. */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(DISTURBING, ' ').trim()
}

/** `1 member`, `2 members`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Bytes in binary units: `512 B`, `1.5 MiB`. */
export function size(bytes: number): string {
  let [at, value] = [0, bytes]
  for (; value >= KIB && at < SIZE_UNITS.length - 1; at++) value /= KIB
  return `${at > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${SIZE_UNITS[at]}`
}
