// SPDX-License-Identifier: AGPL-3.0-or-later
// Parses replies of tor's control port from chunks of any size (control-spec, 2.3).

import { KIB, MIB } from '../lib/limits.js'

export interface ReplyLine {
  /** text after the code and its separator */
  text: string
  /** data lines that follow, unescaped; null if there are none */
  data: string | null
}

export interface Reply {
  code: number
  lines: ReplyLine[]
}

/** Longest line in bytes; tor's have some hundreds. */
const LINE_BYTES = 16 * KIB
/** Longest reply in bytes, far above what the relay asks for. */
const REPLY_BYTES = MIB

const LF = 0x0a

/**
 * Creates a function that takes chunks and reports each complete reply.
 * It throws for invalid data and must not be called again then.
 */
export function createReplyReader(onReply: (reply: Reply) => void): (chunk: Buffer) => void {
  let left: Buffer = Buffer.alloc(0)
  let lines: ReplyLine[] = []
  let size = 0
  let data: string[] | null = null

  function take(line: string): void {
    if (data) {
      if (line !== '.') {
        data.push(line.startsWith('.') ? line.slice(1) : line)
        return
      }
      const last = lines.at(-1)
      if (last) last.data = data.join('\n')
      data = null
      return
    }
    const [, code, separator, text = ''] = /^([1-6]\d\d)([ +-])(.*)$/s.exec(line) ?? []
    if (!code) throw new Error('the program does not speak the control protocol')
    lines.push({ text, data: null })
    if (separator === '+') data = []
    if (separator !== ' ') return
    const reply = { code: Number(code), lines }
    lines = []
    size = 0
    onReply(reply)
  }

  return (chunk) => {
    left = left.length > 0 ? Buffer.concat([left, chunk]) : chunk
    for (let end = left.indexOf(LF); end >= 0; end = left.indexOf(LF)) {
      size += end
      if (end > LINE_BYTES || size > REPLY_BYTES) throw new Error('its reply has no end')
      const line = left.toString('utf8', 0, end).replace(/\r$/, '')
      left = left.subarray(end + 1)
      take(line)
    }
    if (left.length > LINE_BYTES) throw new Error('its reply has no end')
  }
}

/** The unquoted value of `KEY=value` in a line (control-spec, 2.1.1); null if missing. */
export function valueIn(text: string, key: string): string | null {
  const [, quoted, bare] = new RegExp(`(?:^| )${key}=(?:"((?:[^"\\\\]|\\\\.)*)"|(\\S*))`).exec(text) ?? []
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1')
  return bare ?? null
}

/** The complete value of a GETINFO keyword: after `=`, or from the data lines. */
export function infoOf({ lines }: Reply, keyword: string): string | null {
  const line = lines.find(({ text }) => text.startsWith(`${keyword}=`))
  if (!line) return null
  return line.data ?? line.text.slice(keyword.length + 1)
}
