// A thread that checks signatures, for histories that would hold the event loop up: batches in, verdicts out.

import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { VERIFY_BATCH, VERIFY_BATCH_BYTES, VERIFY_IN_FLIGHT } from '../lib/limits.js'
import { keyOf } from './feed-id.js'
import { type CheckedMessage, SIGNED_END } from './message.js'

/** What the thread found of one message: its hash (base64), or null where the signature is not the author's. */
export type ThreadVerdict = string | null

/** Messages on their way to the thread. */
export interface ThreadBatch {
  /** Adds a message; false if it does not fit any more. */
  add(message: CheckedMessage): boolean
  /** Hands the batch over; resolves with a verdict for each message, or null if the thread ended before. */
  send(): Promise<ThreadVerdict[] | null>
}

export interface SignatureThread {
  /** An empty batch, which must be sent; null while the thread has as many as it takes. */
  begin(): ThreadBatch | null
  /** Batches not answered yet. */
  pending(): number
  close(): Promise<void>
}

const HASH_BYTES = 32
const SIGNATURE_BYTES = 64
const KEY_BYTES = 32
/** Of one message in a batch: the lengths of its two texts, its author's key, its signature. */
const HEAD_BYTES = 4 + 4 + KEY_BYTES + SIGNATURE_BYTES
/** Of one verdict; they are written where the thread has read the messages. */
const VERDICT_BYTES = 1 + HASH_BYTES
/** Bytes of one UTF-16 unit in UTF-8, at most. */
const UTF8_BYTES = 3
/** The thread's own heap; the batches lie outside of it. */
const HEAP = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 4, stackSizeMb: 1 }

/** Where libsodium's native binding is; null where this machine has none. */
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
 * Starts the thread. It uses the same libsodium as the event loop does, so that the verdicts are the same.
 * Batches lie in memory that both share: only the number of a batch is handed over.
 * @param sodium path of libsodium's native binding
 * @param onEnd  called once when it has ended, with an error unless it was closed
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
    // loaders of a test are nothing to it
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
  // the hash is over one byte per UTF-16 unit, a quirk of the format
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
 * The thread's program, made from this function's text: it uses nothing from around it.
 * @param load the thread's own `require`, under a name that bundlers leave alone
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
      // a verdict is shorter than what it is of, so it lies before what is still to be read
      verdict.copy(bytes, i * verdict.length)
    }
    parentPort.postMessage(slot)
  })
  parentPort.postMessage(-1)
}
