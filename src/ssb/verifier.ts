// Checks the messages of many streams in turns of the event loop, and lets a thread check signatures where they are many.

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

/** The messages of one stream: their verdicts come in the order of the messages. */
export interface VerifierLane {
  /** @param read answers the message's value, as late as possible; what it throws is the verdict */
  push(read: () => unknown): void
  /** Forgets what waits: nothing is delivered any more. */
  close(): void
}

export interface Verifier {
  /** @param deliver called with the verdicts of some messages, never from within `push` */
  lane(deliver: (verdicts: Verdict[]) => void): VerifierLane
  /** Whether the thread runs, for tests and measurements. */
  hasThread(): boolean
  close(): Promise<void>
}

export interface VerifierOptions {
  /** Processors; with one alone, a thread would only take turns with the event loop. */
  processors?: number
  /** Milliseconds from some point in the past. */
  uptime?: () => number
}

interface Lane {
  waiting: Array<() => unknown>
  /** how far into `waiting` we are; the array is cut now and then, not at each message */
  next: number
  /** batches under way, in order; null while the verdicts are not there */
  order: Array<{ verdicts: Verdict[] | null }>
  deliver: (verdicts: Verdict[]) => void
  closed: boolean
}

/** Makes the verifier of all streams: what it does in one turn is bounded for all of them together. */
export function createVerifier({
  processors = availableParallelism(),
  uptime = () => performance.now(),
}: VerifierOptions = {}): Verifier {
  /** lanes with something to check, served in turn */
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

  /** Checks some messages of one lane: with the thread while it takes more, and here meanwhile, a few at a time. */
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
          // a thread that has ended leaves its work to us
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

  /** After a turn that did not do it all: that is more than the odd live message. */
  function startThread(): void {
    if (thread || closed || !sodium || backlog() < VERIFY_THREAD_BACKLOG) return
    thread = startSignatureThread(sodium, (err) => {
      thread = null
      // one that cannot run would be started again and again
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

  /** Its memory is some 9 MB, which a relay at rest has better uses for. */
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

/** Messages taken from a lane after which its array is cut. */
const CUT_AFTER = 1024

/** What is kept of a message that the thread has: its text is the larger half of it. */
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
