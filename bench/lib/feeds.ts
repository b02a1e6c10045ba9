// SPDX-License-Identifier: AGPL-3.0-or-later
// Feeds of real, signed messages, made once per run and handed to the client processes as files.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import { signMessage } from '../../src/ssb/message.js'

export interface BenchFeed {
  id: string
  keys: Keys
  /** one message value per line */
  file: string
  count: number
  /** mean length of a value's JSON */
  messageBytes: number
}

/** Characters of text that bring a message to some 600 bytes. */
const TEXT_CHARS = 200
const WORDS =
  'the tide comes in and the tide goes out, over rock and weed and whatever the night has left there; '
/** One message a second from here on, so that no rival has to break ties. */
const FIRST_TIMESTAMP = 1_600_000_000_000

export function makeFeed(directory: string, name: string, count: number): BenchFeed {
  const keys = ssbKeys.generate()
  const lines: string[] = []
  let previous: { sequence: number; hash: string } | null = null
  let chars = 0
  for (let i = 0; i < count; i++) {
    const start = (i * 7) % WORDS.length
    const text = `${i + 1} ${WORDS.repeat(4).slice(start, start + TEXT_CHARS)}`
    const content = { type: 'post', text, channel: 'bench', mentions: [] }
    const message = signMessage(keys, previous, content, FIRST_TIMESTAMP + i * 1000)
    previous = { sequence: message.sequence, hash: message.hash }
    lines.push(message.json)
    chars += message.json.length
  }
  const file = join(directory, `${name}.ndjson`)
  writeFileSync(file, `${lines.join('\n')}\n`)
  return { id: keys.id, keys, file, count, messageBytes: Math.round(chars / count) }
}
