// SPDX-License-Identifier: AGPL-3.0-or-later
// Text for people: removes characters that could disturb a page or a terminal, and puts numbers with their nouns.

import { KIB } from './units.js'

/** Control characters except the line feed, and bidirectional controls. */
const DISTURBING = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu

/** Replaces each disturbing character with a space and each line end with a line feed, and trims. Never longer. */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(DISTURBING, ' ').trim()
}

/** Characters that nobody sees, and those without a meaning of their own. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffc\ufffd\u2800]/gu
/** Scripts in which an unseen joiner changes how letters are drawn. */
const JOINED_SCRIPT =
  /[\p{scx=Arab}\p{scx=Syrc}\p{scx=Mong}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}]$/u
const PICTURE = /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)$/u
const SPACES = /[\s\p{Z}]+/gu
/** Marks on one letter: no script needs more, and a pile of them covers the lines around. */
const MARKS = /(\p{M}{4})\p{M}+/gu

/** Whether a joiner, or the sign for a coloured emoji, changes the character before it. */
function isNeeded(unseen: string, before: string): boolean {
  if (unseen === '\ufe0f') return PICTURE.test(before) && !before.endsWith(unseen)
  if (unseen === '\u200c') return JOINED_SCRIPT.test(before)
  return unseen === '\u200d' && (JOINED_SCRIPT.test(before) || PICTURE.test(before))
}

/**
 * A name on one line: without control and unseen characters, text directions and piles of marks, and not longer than
 * `most` UTF-16 units. Empty if nothing is left. Letters that look alike stay: show the key beside the name.
 */
export function cleanName(text: string, most: number): string {
  // bounds the work: what follows so many units is no name
  const seen = text
    .slice(0, 4 * most)
    .replace(SPACES, ' ')
    .replace(UNSEEN, (found, at: number, whole: string) =>
      isNeeded(found, whole.slice(Math.max(0, at - 2), at)) ? found : '',
    )
    .normalize('NFC')
    .replace(MARKS, '$1')
    .replace(SPACES, ' ')
  // some apps put an @ before a name, which then looks like a feed id; a mark needs a letter before it
  const cut = seen.replace(/^[\s@\p{M}]+/u, '').slice(0, most)
  return cut.replace(/[\ud800-\udbff]$/, '').replace(/(?:\u200c|\u200d|\s)+$/u, '')
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
