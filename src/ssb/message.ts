// SPDX-License-Identifier: AGPL-3.0-or-later
// Classic messages (protocol guide, "Feeds"): check, sign, and the stored form.

import { createHash } from 'node:crypto'
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

/** A message with its id, as sent to clients. */
export interface KeyedMessage {
  key: string
  value: MessageValue
  timestamp: number
}

/** A message with valid fields and a valid signature. */
export interface VerifiedMessage {
  author: FeedId
  sequence: number
  /** base64 of the previous message's hash; null for the first message */
  previous: string | null
  /** base64 of the message's hash: the id without sigil and suffix */
  hash: string
  /** the value's JSON, fields in the signed order */
  json: string
}

/** A message with valid fields; its signature is not checked yet. */
export interface CheckedMessage extends Omit<VerifiedMessage, 'hash'> {
  /** the hashed text: the value's JSON, indented */
  text: string
  /** characters of `text` before the signature field: the signed text without its closing brace */
  signedChars: number
  /** base64 of the signature */
  signature: string
}

const MESSAGE_ID = /^%[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\.sha256$/
/** Canonical base64 of 64 bytes. */
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==\.sig\.ed25519$/
const SIGNATURE_END = '.sig.ed25519'
/** Characters of the signature field and the closing brace at the end of the indented text. */
const SIGNATURE_FIELD_CHARS = ',\n  "signature": ""\n}'.length + 88 + SIGNATURE_END.length
/** The end of the signed text, which has no signature field. */
export const SIGNED_END = '\n}'
/** Allowed lengths of a message's type, characters. */
const TYPE_CHARS = { least: 3, most: 52 }

/**
 * Checks everything except the signature: fields, their order and size, as ssb-classic's `validateOOO` does, and also
 * sequence and previous. Does not compare with earlier messages (SPIP-02).
 * @throws RelayError `message_invalid` or `message_too_large`
 */
export function checkMessage(value: unknown): CheckedMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('not an object')
  const { author, sequence, previous, timestamp, hash, content, signature } = value as Partial<MessageValue>
  if (!isFeedId(author)) throw invalid('author is not a feed id')
  if (!Number.isSafeInteger(sequence) || (sequence as number) < 1 || (sequence as number) > SEQUENCE_MAX)
    throw invalid('sequence is not a positive integer')
  if (sequence === 1 ? previous !== null : typeof previous !== 'string' || !MESSAGE_ID.test(previous))
    throw invalid('previous does not fit the sequence')
  if (!Number.isFinite(timestamp)) throw invalid('timestamp is not a number')
  if (hash !== 'sha256') throw invalid('hash must be sha256')
  if (!hasFieldOrder(Object.keys(value))) throw invalid('wrong number or order of fields')
  checkContent(content)
  if (typeof signature !== 'string' || !SIGNATURE.test(signature))
    throw invalid('signature must be 64 bytes of canonical base64 and .sig.ed25519')

  // checked before indenting, which makes deeply nested values quadratically large
  const json = JSON.stringify(value)
  if (json.length > MESSAGE_CHARS) throw tooLarge()
  const text = JSON.stringify(value, null, 2)
  if (text.length > MESSAGE_CHARS) throw tooLarge()
  return {
    author,
    sequence: sequence as number,
    previous: previous ? previous.slice(1, -PREVIOUS_END.length) : null,
    json,
    text,
    signedChars: text.length - SIGNATURE_FIELD_CHARS,
    signature: signature.slice(0, -SIGNATURE_END.length),
  }
}

const PREVIOUS_END = '.sha256'

/** Whether the fields have the order that all implementations sign. Old feeds swap author and sequence. */
function hasFieldOrder(fields: string[]): boolean {
  const [first, second, third] = fields
  return (
    fields.length === 7 &&
    first === 'previous' &&
    ((second === 'author' && third === 'sequence') || (second === 'sequence' && third === 'author')) &&
    fields[3] === 'timestamp' &&
    fields[4] === 'hash' &&
    fields[5] === 'content' &&
    fields[6] === 'signature'
  )
}

function checkContent(content: unknown): void {
  if (typeof content === 'string') {
    if (!content.endsWith('.box') && !content.endsWith('.box2'))
      throw invalid('string content must end with .box or .box2')
    return
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw invalid('content must be an object or an encrypted string')
  const { type } = content as { type?: unknown }
  if (typeof type !== 'string' || type.length < TYPE_CHARS.least || type.length > TYPE_CHARS.most)
    throw invalid(`content must have a type of ${TYPE_CHARS.least} to ${TYPE_CHARS.most} characters`)
}

/**
 * Checks a value completely: `checkMessage` and the signature.
 * @throws RelayError `message_invalid` or `message_too_large`
 */
export function verifyMessage(value: unknown): VerifiedMessage {
  return verifySignature(checkMessage(value))
}

/** Checks the signature. @throws RelayError `message_invalid` */
export function verifySignature(checked: CheckedMessage): VerifiedMessage {
  const { author, sequence, previous, json, text, signedChars, signature } = checked
  const signed = Buffer.from(text.slice(0, signedChars) + SIGNED_END)
  if (!ssbKeys.verify({ public: author.slice(1) }, signature, signed)) throw badSignature()
  return { author, sequence, previous, hash: hashOf(text), json }
}

export function badSignature(): RelayError {
  return invalid('signature does not match')
}

function invalid(reason: string): RelayError {
  return new RelayError('message_invalid', reason)
}

function tooLarge(): RelayError {
  return new RelayError('message_too_large', `more than ${MESSAGE_CHARS} characters`)
}

/**
 * Signs the next message of a feed.
 * @param previous the feed's last message, or null for the first
 * @param now      timestamp, Unix ms
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
    previous: previous?.hash ?? null,
    hash: hashOf(JSON.stringify(value, null, 2)),
    json: JSON.stringify(value),
  }
}

/** The hash of a message's text. The format hashes latin1: one byte per UTF-16 unit. */
function hashOf(signed: string): string {
  return createHash('sha256').update(signed, 'latin1').digest('base64')
}

// --- the stored form: the keyed message's JSON. Its ends have fixed lengths, so that each part is a slice ----------

const HEAD = '{"key":"%'
const NECK = '.sha256","value":'
const TAIL = ',"timestamp":1234567890123}'
const HASH_AT = HEAD.length
const HASH_CHARS = 44
const VALUE_AT = HASH_AT + HASH_CHARS + NECK.length
/** The start of every value except the first of a feed, which has `null` there. */
const PREVIOUS_HEAD = '{"previous":"%'
const PERCENT = '%'.charCodeAt(0)
/** A board without a clock can have the year 1970. Received times have 13 digits, so that TAIL has a fixed length. */
const EARLIEST = 1_000_000_000_000

/** The bytes that are stored, and sent as they are for `keys: true`. */
export function encodeStored(message: VerifiedMessage, received: number): Buffer {
  return Buffer.from(
    `${HEAD}${message.hash}${NECK}${message.json},"timestamp":${Math.max(EARLIEST, Math.trunc(received))}}`,
  )
}

/** The hash in stored bytes, base64. */
export function storedHash(stored: Buffer): string {
  return stored.toString('latin1', HASH_AT, HASH_AT + HASH_CHARS)
}

/** The previous message's hash in stored bytes, base64; null for the first message. */
export function storedPrevious(stored: Buffer): string | null {
  const at = VALUE_AT + PREVIOUS_HEAD.length
  return stored[at - 1] === PERCENT ? stored.toString('latin1', at, at + HASH_CHARS) : null
}

/** The received time in stored bytes, Unix ms. */
export function storedReceived(stored: Buffer): number {
  return Number(stored.toString('latin1', stored.length - 14, stored.length - 1))
}

/** The value's JSON in stored bytes: a view, not a copy. */
export function storedValue(stored: Buffer): Buffer {
  return stored.subarray(VALUE_AT, stored.length - TAIL.length)
}

/** Parses the keyed message. */
export function parseStored(stored: Buffer): KeyedMessage {
  return JSON.parse(stored.toString()) as KeyedMessage
}
