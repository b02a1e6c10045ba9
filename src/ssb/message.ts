// Classic messages (protocol guide, "Feeds"): checking foreign ones, signing our own, and the stored form of both.

import { createHash } from 'node:crypto'
import validation from 'ssb-classic/validation.js'
import ssbKeys, { type Keys } from 'ssb-keys'
import { RelayError } from '../lib/errors.js'
import { MESSAGE_CHARS, SEQUENCE_MAX } from '../lib/limits.js'
import { type FeedId, isFeedId } from './feed-id.js'

/** The signed value of a classic message. */
export interface MessageValue {
  previous: string | null
  sequence: number
  author: FeedId
  timestamp: number
  hash: 'sha256'
  content: Record<string, unknown> | string
  signature: string
}

/** A message as clients get it. */
export interface KeyedMessage {
  key: string
  value: MessageValue
  timestamp: number
}

/** A message whose shape and signature hold. */
export interface VerifiedMessage {
  author: FeedId
  sequence: number
  /** base64 of the message's hash: its id without sigil and suffix */
  hash: string
  /** the value's JSON, fields in the signed order */
  json: string
}

const MESSAGE_ID = /^%[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\.sha256$/

/**
 * Checks a foreign value: shape, size, order of fields and signature, without regard to what comes before it
 * (SPIP-02). `validateOOO` leaves sequence and previous unchecked, so they are checked here.
 * @throws RelayError `message_invalid` or `message_too_large`
 */
export function verifyMessage(value: unknown): VerifiedMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RelayError('message_invalid', 'not an object')
  }
  const { author, sequence, previous, timestamp } = value as Partial<MessageValue>
  if (!isFeedId(author)) throw new RelayError('message_invalid', 'author is not a feed id')
  if (!Number.isSafeInteger(sequence) || (sequence as number) < 1 || (sequence as number) > SEQUENCE_MAX) {
    throw new RelayError('message_invalid', 'sequence is not a positive integer')
  }
  if (sequence === 1 ? previous !== null : typeof previous !== 'string' || !MESSAGE_ID.test(previous)) {
    throw new RelayError('message_invalid', 'previous does not fit the sequence')
  }
  if (!Number.isFinite(timestamp)) throw new RelayError('message_invalid', 'timestamp is not a number')

  // Before anything prints it with indentation, which makes of deep nesting a text of quadratic size.
  const json = JSON.stringify(value)
  if (json.length > MESSAGE_CHARS) throw tooLarge()

  let problem: Error | undefined
  try {
    validation.validateOOO(value, null, (err) => {
      problem = err
    })
  } catch (err) {
    problem = err as Error // ssb-keys throws where a base64 part cannot be a key or a signature
  }
  const signed = JSON.stringify(value, null, 2)
  if (signed.length > MESSAGE_CHARS) throw tooLarge()
  if (problem) throw new RelayError('message_invalid', problem.message.replace(/^invalid message: /, ''))
  return { author, sequence: sequence as number, hash: hashOf(signed), json }
}

function tooLarge(): RelayError {
  return new RelayError('message_too_large', `more than ${MESSAGE_CHARS} characters`)
}

/**
 * Signs the next message of a feed of ours.
 * @param previous the feed's last message, or null for the first
 * @param now      Unix ms for the claimed timestamp
 */
export function signMessage(
  keys: Keys,
  previous: { sequence: number; hash: string } | null,
  content: Record<string, unknown>,
  now: number,
): VerifiedMessage {
  const sequence = (previous?.sequence ?? 0) + 1
  const value = ssbKeys.signObj(keys, null, {
    previous: previous && `%${previous.hash}.sha256`,
    sequence,
    author: keys.id,
    timestamp: now,
    hash: 'sha256',
    content,
  })
  return {
    author: keys.id,
    sequence,
    hash: hashOf(JSON.stringify(value, null, 2)),
    json: JSON.stringify(value),
  }
}

/** The hash of a message: over its signed text as latin1, a quirk of the format (one byte per UTF-16 unit). */
function hashOf(signed: string): string {
  return createHash('sha256').update(signed, 'latin1').digest('base64')
}

// --- the stored form: the keyed message's JSON, its ends of fixed length so that every view is a slice ----------

const HEAD = '{"key":"%'
const NECK = '.sha256","value":'
const TAIL = ',"timestamp":1234567890123}'
const HASH_AT = HEAD.length
const HASH_CHARS = 44
const VALUE_AT = HASH_AT + HASH_CHARS + NECK.length
/** A board without a clock may say 1970: received times are kept to thirteen digits so that TAIL has one length. */
const EARLIEST = 1_000_000_000_000

/** The bytes that are stored and, for `keys: true`, served as they are. */
export function encodeStored(message: VerifiedMessage, received: number): Buffer {
  return Buffer.from(
    `${HEAD}${message.hash}${NECK}${message.json},"timestamp":${Math.max(EARLIEST, Math.trunc(received))}}`,
  )
}

/** The hash inside stored bytes. */
export function storedHash(stored: Buffer): string {
  return stored.toString('latin1', HASH_AT, HASH_AT + HASH_CHARS)
}

/** When stored bytes were received, Unix ms. */
export function storedReceived(stored: Buffer): number {
  return Number(stored.toString('latin1', stored.length - 14, stored.length - 1))
}

/** The value's JSON inside stored bytes: a view, not a copy. */
export function storedValue(stored: Buffer): Buffer {
  return stored.subarray(VALUE_AT, stored.length - TAIL.length)
}

/** The whole keyed message, parsed. */
export function parseStored(stored: Buffer): KeyedMessage {
  return JSON.parse(stored.toString()) as KeyedMessage
}
