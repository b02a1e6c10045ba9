// SPDX-License-Identifier: AGPL-3.0-or-later
// Verifies messages of many streams in bounded turns of the event loop; a worker thread verifies long backlogs.

import { availableParallelism } from 'node:os'
import { type RelayError, toPublicError } from '../lib/errors.js'
import {
  VERIFY_BATCH,
  VERIFY_STEP,
  VERIFY_THREAD_BACKLOG,
  VERIFY_THREAD_IDLE_MS,
  VERIFY_TURN_MS,
} from '../lib/limits.js'
import {
  badSignature,
  type CheckedMessage,
  checkMessage,
  type VerifiedMessage,
  verifySignature,
} from './message.js'
import { type SignatureThread, sodiumPath, startSignatureThread } from './signature-thread.js'

export type Verdict = VerifiedMessage | RelayError

/** The messages of one stream. Verdicts are delivered in the order of the messages. */
export interface VerifierLane {
  /** @param read returns the message's value and is called late; what it throws becomes the verdict */
  push(read: () => unknown): void
  /** Drops waiting messages; nothing is delivered after this. */
  close(): void
}

export interface Verifier {
  /** @param deliver called with the verdicts of some messages, never from within `push` */
  lane(deliver: (verdicts: Verdict[]) => void): VerifierLane
  /** Whether the thread runs; for tests and benchmarks. */
  hasThread(): boolean
  close(): Promise<void>
}

export interface VerifierOptions {
  /** number of processors; with one, no thread is used */
  processors?: number
  /** monotonic time in milliseconds */
  uptime?: () => number
}

interface Lane {
  waiting: Array<() => unknown>
  /** index into `waiting`, whose start is removed in larger steps */
  next: number
  /** batches in progress, in order; `verdicts` is null until they are ready */
  order: Array<{ verdicts: Verdict[] | null }>
  deliver: (verdicts: Verdict[]) => void
  closed: boolean
}

/** Creates the verifier of all streams; the time per turn of the event loop is bounded for all together. */
export function createVerifier({
  processors = availableParallelism(),
  uptime = () => performance.now(),
}: VerifierOptions = {}): Verifier {
  /** lanes with waiting messages, served in turn */
  const due = new Set<Lane>()
  let sodium = processors > 1 ? sodiumPath() : null
  let thread: SignatureThread | null = null
  let idle: NodeJS.Timeout | null = null
  let next: NodeJS.Immediate | null = null
  let closed = false

  function turn(): void {
    next = null
    const end = uptime() + VERIFY_TURN_MS
    while (due.size > 0) {
      const [lane] = due as unknown as [Lane]
      due.delete(lane)
      step(lane)
      if (lane.next < lane.waiting.length) due.add(lane)
      if (uptime() >= end) break
    }
    if (due.size > 0) {
      next = setImmediate(turn)
      startThread()
    }
  }

  /** Verifies some messages of one lane: in the thread if it has room, otherwise a few on the event loop. */
  function step(lane: Lane): void {
    const shared = thread?.begin() ?? null
    const batch: Lane['order'][number] = { verdicts: null }
    lane.order.push(batch)
    if (!shared) return settle(lane, batch, take(lane, VERIFY_STEP).map(verifyHere))
    noteUse()
    const results: Array<Verdict | Shared> = []
    for (const read of take(lane, VERIFY_BATCH)) {
      const checked = checkedOr(read)
      if (!('text' in checked)) results.push(checked)
      else if (shared.add(checked)) results.push(withoutText(checked))
      else results.push(verifiedOr(checked))
    }
    void shared.send().then((hashes) => {
      let at = 0
      settle(
        lane,
        batch,
        results.map((result) => {
          if (!('shared' in result)) return result
          // the thread ended: verify its batch here
          if (!hashes) return verifyHere(() => JSON.parse(result.shared.json))
          const hash = hashes[at++]
          return hash ? { ...result.shared, hash } : badSignature()
        }),
      )
    })
  }

  function take(lane: Lane, most: number): Array<() => unknown> {
    const reads = lane.waiting.slice(lane.next, lane.next + most)
    lane.next += reads.length
    if (lane.next === lane.waiting.length || lane.next >= CUT_AFTER) {
      lane.waiting = lane.waiting.slice(lane.next)
      lane.next = 0
    }
    return reads
  }

  function settle(lane: Lane, batch: Lane['order'][number], verdicts: Verdict[]): void {
    batch.verdicts = verdicts
    while (lane.order[0]?.verdicts) {
      const first = lane.order.shift()?.verdicts
      if (first && !lane.closed) lane.deliver(first)
    }
  }

  /** Starts the thread if a turn left a long backlog. */
  function startThread(): void {
    if (thread || closed || !sodium || backlog() < VERIFY_THREAD_BACKLOG) return
    thread = startSignatureThread(sodium, (err) => {
      thread = null
      // a thread that fails would be restarted in a loop
      if (err) sodium = null
    })
    noteUse()
  }

  function backlog(): number {
    let messages = 0
    for (const { waiting, next } of due) messages += waiting.length - next
    return messages
  }

  function noteUse(): void {
    if (idle) idle.refresh()
    else idle = setTimeout(endIdle, VERIFY_THREAD_IDLE_MS).unref()
  }

  /** Stops an idle thread, which uses some 9 MB. */
  function endIdle(): void {
    idle = null
    if (thread && thread.pending() > 0) return noteUse()
    void thread?.close()
  }

  return {
    lane(deliver) {
      const lane: Lane = { waiting: [], next: 0, order: [], deliver, closed: false }
      return {
        push(read) {
          if (lane.closed || closed) return
          lane.waiting.push(read)
          due.add(lane)
          next ??= setImmediate(turn)
        },
        close() {
          lane.closed = true
          lane.waiting = []
          lane.next = 0
          due.delete(lane)
        },
      }
    },
    hasThread: () => thread !== null,
    async close() {
      closed = true
      due.clear()
      if (next) clearImmediate(next)
      if (idle) clearTimeout(idle)
      next = null
      idle = null
      await thread?.close()
    },
  }
}

/** Messages after which the start of a lane's array is removed. */
const CUT_AFTER = 1024

/** What stays on the event loop of a message in the thread; without its text, the larger half. */
interface Shared {
  shared: Omit<VerifiedMessage, 'hash'>
}

function withoutText({ author, sequence, previous, json }: CheckedMessage): Shared {
  return { shared: { author, sequence, previous, json } }
}

const verifyHere = (read: () => unknown): Verdict => {
  const checked = checkedOr(read)
  return 'text' in checked ? verifiedOr(checked) : checked
}

function checkedOr(read: () => unknown): CheckedMessage | RelayError {
  try {
    return checkMessage(read())
  } catch (err) {
    return toPublicError(err)
  }
}

function verifiedOr(checked: CheckedMessage): Verdict {
  try {
    return verifySignature(checked)
  } catch (err) {
    return toPublicError(err)
  }
}
