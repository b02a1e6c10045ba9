// SPDX-License-Identifier: AGPL-3.0-or-later
// The width of text in terminal columns, and text broken into lines of a width.

/** Control characters, and marks that change the reading direction. All are of one UTF-16 unit. */
const UNSAFE = String.raw`\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069`
const UNSAFE_OR_SPACE = new RegExp(String.raw`[${UNSAFE}\p{Zl}\p{Zp}\s]+`, 'gu')

/** One of them, except the end of a line. */
export const CONTROL = new RegExp(`(?!\n)[${UNSAFE}]`, 'gu')

/**
 * Makes text by others fit for one line of a terminal. Notes and reasons may carry escape sequences that repaint the
 * operator's screen, or marks that reverse the reading direction.
 */
export function oneLine(text: string): string {
  return text.replace(UNSAFE_OR_SPACE, ' ').trim()
}

/** Removes control characters and marks from text of several lines. */
export function withoutControls(text: string): string {
  return text.replace(CONTROL, '')
}

/** Characters that take no column, and those that take two (East Asian Width, Unicode TR 11; emoji). */
const NARROW = /^(?:\p{M}|\p{Default_Ignorable_Code_Point})/u
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u

let segmenter: Intl.Segmenter | null = null

/** User-perceived characters. The segmenter is made only for text that needs it: it takes 10 ms and 2.6 MB. */
function graphemesOf(text: string): string[] {
  if (isAscii(text)) return [...text]
  segmenter ??= new Intl.Segmenter('en')
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** Printable ASCII alone. */
const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

/** Columns that text takes in a terminal. */
export function displayWidth(text: string): number {
  // most text is ASCII, where a character is a column
  if (isAscii(text)) return text.length
  let width = 0
  for (const character of graphemesOf(text))
    width += NARROW.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

/**
 * Breaks a line into lines of at most `width` columns. A word that is longer than a line is broken.
 * @param atSpaces break at spaces where there are any
 */
export function wrap(text: string, width: number, atSpaces = true): string[] {
  const lines: string[] = []
  let line = ''
  let used = 0
  for (const character of graphemesOf(text)) {
    const columns = displayWidth(character)
    if (used + columns > width && line !== '') {
      const space = atSpaces && character !== ' ' ? line.lastIndexOf(' ') : -1
      lines.push((space > 0 ? line.slice(0, space) : line).trimEnd())
      line = space > 0 ? line.slice(space + 1) : ''
      used = displayWidth(line)
    }
    if (line === '' && character === ' ') continue
    line += character
    used += columns
  }
  return line === '' ? lines : [...lines, line]
}
