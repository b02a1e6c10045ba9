// SPDX-License-Identifier: AGPL-3.0-or-later
// QR codes in a terminal, drawn with half-block characters.

import { terminalTraits } from '../config/environment.js'
import { print, printNote } from './output.js'

/** White modules around the code. The standard asks for 4; phones read 2, and a terminal has few rows. */
const QUIET_ZONE = 2
/** Bright white on black, whatever the terminal's own colours are: an inverted code is unreadable for many phones. */
const COLORS = '\u001b[40;97m'
const RESET = '\u001b[0m'
/** Indexed by whether the upper and the lower module have the colour of text, which is white in a terminal. */
const BLOCKS = [' ', '▄', '▀', '█']

/** Whether each module of a QR code is dark, row by row. Loads the library at the first call. */
export async function qrModules(text: string): Promise<boolean[][]> {
  const { default: qrcode } = await import('qrcode-generator')
  // the least error correction makes the smallest code, and a screen has no stains
  const qr = qrcode(0, 'L')
  qr.addData(text, 'Byte')
  qr.make()
  const size = qr.getModuleCount()
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => qr.isDark(row, column)),
  )
}

/** Draws modules two rows to a line, with the quiet zone around, in the terminal's colours. */
export function drawModules(modules: readonly boolean[][]): string[] {
  return blockLines(modules).map((line) => `${COLORS}${line}${RESET}`)
}

/**
 * Draws modules as block characters without colours.
 * @param paper how the text is shown: `dark`, as on a console, or `light`, as in a window of text
 */
export function blockLines(modules: readonly boolean[][], paper: 'dark' | 'light' = 'dark'): string[] {
  const edge = modules.length + QUIET_ZONE
  // a block has the colour of text
  const [dark, light] = paper === 'dark' ? [0, 1] : [1, 0]
  const inkOf = (row: number, column: number): number => (modules[row]?.[column] ? dark : light)
  const lines: string[] = []
  for (let row = -QUIET_ZONE; row < edge; row += 2) {
    let line = ''
    for (let column = -QUIET_ZONE; column < edge; column++) {
      const lower = row + 1 < edge ? inkOf(row + 1, column) : 0
      line += BLOCKS[inkOf(row, column) * 2 + lower]
    }
    lines.push(line)
  }
  return lines
}

/**
 * Prints text as a QR code and below it as text. Where stdout is no terminal, the text stands alone; a terminal that
 * cannot show the code gets the text and a note on stderr.
 */
export async function printQr(
  text: string,
  out: { isTTY?: boolean; columns?: number } = process.stdout,
  traits = terminalTraits(),
): Promise<void> {
  if (!out.isTTY) return print(text)
  const modules = await qrModules(text)
  const needed = modules.length + 2 * QUIET_ZONE
  const { columns = 80 } = out
  const problem = !traits.unicode
    ? 'the locale is not UTF-8, or TERM is dumb'
    : !traits.color
      ? 'NO_COLOR is set'
      : needed > columns
        ? `it needs ${needed} columns, the terminal has ${columns}`
        : null
  // written as it is: print would remove the colors
  if (problem === null) process.stdout.write(`${drawModules(modules).join('\n')}\n\n`)
  else printNote(`No QR code: ${problem}.`)
  print(text)
}
