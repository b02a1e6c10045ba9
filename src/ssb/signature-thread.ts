// SPDX-License-Identifier: AGPL-3.0-or-later
// A worker thread that verifies signatures in batches, so that long histories do not block the event loop.

import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { VERIFY_BATCH, VERIFY_BATCH_BYTES, VERIFY_IN_FLIGHT } from '../lib/limits.js'
import { keyOf } from './feed-id.js'
import { type CheckedMessage, SIGNED_END } from './message.js'

/** The verdict on one message: its hash (base64), or null for an invalid signature. */
export type ThreadVerdict = string | null

/** A batch of messages for the thread. */
export interface ThreadBatch {
  /** Adds a message; returns false if it does not fit. */
  add(message: CheckedMessage): boolean
  /** Sends the batch; resolves with a verdict for each message, or null if the thread ended. */
  send(): Promise<ThreadVerdict[] | null>
}

export interface SignatureThread {
  /** Returns an empty batch, which must be sent; null while the limit of batches is reached. */
  begin(): ThreadBatch | null
  /** Batches in progress. */
  pending(): number
  close(): Promise<void>
}

const HASH_BYTES = 32
const SIGNATURE_BYTES = 64
const KEY_BYTES = 32
/** Header of one message in a batch: lengths of its two texts, author's key, signature. */
const HEAD_BYTES = 4 + 4 + KEY_BYTES + SIGNATURE_BYTES
/** Bytes of one verdict; verdicts overwrite the messages of their batch. */
const VERDICT_BYTES = 1 + HASH_BYTES
/** Maximum UTF-8 bytes of one UTF-16 unit. */
const UTF8_BYTES = 3
/** The thread's heap limits; batches are in shared memory outside of it. */
const HEAP = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 4, stackSizeMb: 1 }

/** Path of sodium-native; null where this machine has no build of it. */
export function sodiumPath(): string | null {
  const require = createRequire(import.meta.url)
  try {
    const path = require.resolve('sodium-native')
    require(path)
    return path
  } catch {
    return null
  }
}

/**
 * Starts the thread. It uses the same libsodium as the event loop, so that both give the same verdicts. Batches are in
 * shared memory; messages between the threads carry only the number of a batch.
 * @param sodium path of sodium-native
 * @param onEnd  called once when the thread has ended, with an error unless it was closed
 */
export function startSignatureThread(sodium: string, onEnd: (err?: Error) => void): SignatureThread {
  const memory = new SharedArrayBuffer(VERIFY_IN_FLIGHT * VERIFY_BATCH_BYTES)
  const free = Array.from({ length: VERIFY_IN_FLIGHT }, (_, slot) => slot)
  const waiting = new Map<number, (ok: boolean) => void>()
  let isUp = false
  let ended = false
  const worker = new Worker(`(${work.toString()})(require)`, {
    eval: true,
    workerData: { sodium, memory, VERIFY_BATCH_BYTES, HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES },
    resourceLimits: HEAP,
    // without the TypeScript loader of the tests
    execArgv: [],
  })
  worker.unref()
  worker.on('message', (slot: number) => {
    if (slot < 0) {
      isUp = true
      return
    }
    const answer = waiting.get(slot)
    waiting.delete(slot)
    answer?.(true)
    free.push(slot)
  })
  const finish = (err?: Error): void => {
    if (ended) return
    ended = true
    for (const answer of waiting.values()) answer(false)
    waiting.clear()
    onEnd(err)
  }
  worker.on('error', finish)
  worker.on('exit', () => finish())

  return {
    pending: () => waiting.size,
    begin() {
      const slot = isUp && !ended ? free.pop() : undefined
      if (slot === undefined) return null
      const bytes = Buffer.from(memory, slot * VERIFY_BATCH_BYTES, VERIFY_BATCH_BYTES)
      let at = 4
      let count = 0
      return {
        add(message) {
          const room = HEAD_BYTES + message.text.length * (1 + UTF8_BYTES)
          if (count >= VERIFY_BATCH || at + room > bytes.length) return false
          at = writeMessage(bytes, at, message)
          count += 1
          return true
        },
        send() {
          bytes.writeUInt32LE(count)
          return new Promise((resolve) => {
            if (ended) return resolve(null)
            waiting.set(slot, (ok) => resolve(ok ? readVerdicts(bytes, count) : null))
            worker.postMessage(slot)
          })
        },
      }
    },
    async close() {
      await worker.terminate()
      finish()
    },
  }
}

function writeMessage(bytes: Buffer, start: number, message: CheckedMessage): number {
  const { author, text, signedChars, signature } = message
  let at = start + 8
  at += keyOf(author).copy(bytes, at)
  at += bytes.write(signature, at, SIGNATURE_BYTES, 'base64')
  const signedBytes = bytes.write(text.slice(0, signedChars) + SIGNED_END, at, 'utf8')
  at += signedBytes
  // quirk of the format: the hash is over one byte per UTF-16 unit
  at += bytes.write(text, at, text.length, 'latin1')
  bytes.writeUInt32LE(signedBytes, start)
  bytes.writeUInt32LE(text.length, start + 4)
  return at
}

function readVerdicts(bytes: Buffer, count: number): ThreadVerdict[] {
  const verdicts: ThreadVerdict[] = []
  for (let at = 0; at < count * VERDICT_BYTES; at += VERDICT_BYTES)
    verdicts.push(bytes[at] === 1 ? bytes.toString('base64', at + 1, at + VERDICT_BYTES) : null)
  return verdicts
}

/**
 * The thread's program. It runs from this function's source text, so it cannot use anything outside of it.
 * @param load the thread's `require`; bundlers would replace that name
 */
function work(load: NodeJS.Require): void {
  const { parentPort, workerData } = load('node:worker_threads')
  const { memory, VERIFY_BATCH_BYTES, HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES } = workerData
  const sodium = load(workerData.sodium)
  const verdict = Buffer.alloc(1 + HASH_BYTES)
  parentPort.on('message', (slot: number) => {
    const bytes = Buffer.from(memory, slot * VERIFY_BATCH_BYTES, VERIFY_BATCH_BYTES)
    const count = bytes.readUInt32LE(0)
    let at = 4
    const take = (length: number): Buffer => {
      at += length
      return bytes.subarray(at - length, at)
    }
    for (let i = 0; i < count; i++) {
      const signedBytes = bytes.readUInt32LE(at)
      const textBytes = bytes.readUInt32LE(at + 4)
      at += 8
      const key = take(KEY_BYTES)
      const signature = take(SIGNATURE_BYTES)
      verdict[0] = sodium.crypto_sign_verify_detached(signature, take(signedBytes), key) ? 1 : 0
      sodium.crypto_hash_sha256(verdict.subarray(1), take(textBytes))
      // a verdict is shorter than its message, so it never overwrites an unread one
      verdict.copy(bytes, i * verdict.length)
    }
    parentPort.postMessage(slot)
  })
  parentPort.postMessage(-1)
}
