// The one writer: gathers writes into batches, commits each in one LMDB transaction, and answers when it is on disk.

import type { RootDatabase } from 'lmdb'
import { RelayError } from '../lib/errors.js'
import { BATCH_MS, BATCH_WORK_MS, BATCH_WRITES } from '../lib/limits.js'

/** Runs when the batch is flushed, before its waiters are answered: for telling live listeners. */
export type AfterFlush = (listener: () => void) => void

/**
 * One write: reads and puts synchronously inside the transaction and returns its answer. If it throws, nothing it
 * did remains, its waiter gets the error, and its neighbours in the batch go on.
 */
export type Write<T> = (afterFlush: AfterFlush) => T

/**
 * What must hold, or be noted, with a write: it runs in the same transaction just before, and if either throws neither
 * leaves a trace. So a permission is asked for at the very moment of what it permits.
 */
export type Precondition = Write<void>

export interface Writer {
  /** Queues a write; resolves with its answer once the batch is flushed. */
  submit<T>(write: Write<T>, before?: Precondition): Promise<T>
  /** Commits what is queued and refuses what comes later. */
  close(): Promise<void>
}

interface Job {
  write: Write<unknown>
  resolve: (value: unknown) => void
  reject: (err: unknown) => void
  listeners: Array<() => void>
  outcome: { value: unknown } | { err: unknown } | null
}

interface CommitFailure extends Error {
  commitError?: Promise<never>
}

/**
 * True for the further rejections lmdb-js makes of a failed commit, on promises nobody can reach: its writes have been
 * answered for here, so whoever watches for unhandled rejections may let them pass. The database's own errors carry a
 * number as their code, unlike any of Node's.
 */
export function isAnsweredFailure(reason: unknown): boolean {
  return (
    reason instanceof Error &&
    ('commitError' in reason || ('code' in reason && typeof reason.code === 'number'))
  )
}

/**
 * Makes the writer. Batches form by themselves: a write waits up to `BATCH_MS` for company while the disk is idle,
 * and while one batch is being flushed the next one gathers, so a slow card makes larger batches, not longer queues.
 * Writes run on the one thread that does everything: a batch whose writes take long is committed short of its size, and
 * whatever else waits has its turn before the next.
 * @param onFault told of a listener that threw: the write itself stands
 * @param uptime  milliseconds from some point in the past
 */
export function createWriter(
  root: RootDatabase,
  onFault: (err: unknown) => void,
  uptime: () => number = () => performance.now(),
): Writer {
  let queue: Job[] = []
  let timer: NodeJS.Timeout | null = null
  let running: Promise<void> | null = null
  let closed = false

  function runOne(job: Job): void {
    try {
      // A child transaction, because lmdb-js commits what a failed callback of the batch itself had written.
      job.outcome = {
        value: root.childTransaction(() => job.write((listener) => job.listeners.push(listener))),
      }
    } catch (err) {
      job.outcome = { err }
    }
  }

  function runListener(listener: () => void): void {
    try {
      listener()
    } catch (err) {
      onFault(err)
    }
  }

  /** Runs as many as there is time for, from the first on, and answers them. @returns those it did not come to */
  async function runBatch(waiting: Job[]): Promise<Job[]> {
    let batch = waiting
    try {
      await root.transaction(() => {
        const end = uptime() + BATCH_WORK_MS
        let done = 0
        for (const job of waiting) {
          runOne(job)
          done += 1
          if (uptime() >= end) break
        }
        batch = waiting.slice(0, done)
      })
      await root.flushed
    } catch (err) {
      // lmdb-js gives the reason as a promise of its own, which rejects and must not do so unheard.
      ;(err as CommitFailure).commitError?.catch(onFault)
      const failure = new RelayError('store_full', 'the disk is full or failing', { cause: err })
      for (const job of batch) job.outcome = { err: failure }
    }
    for (const job of batch) {
      if (job.outcome && 'value' in job.outcome) for (const listener of job.listeners) runListener(listener)
    }
    for (const job of batch) {
      if (job.outcome && 'value' in job.outcome) job.resolve(job.outcome.value)
      else job.reject(job.outcome?.err ?? new RelayError('internal'))
    }
    return waiting.slice(batch.length)
  }

  async function drain(): Promise<void> {
    if (timer) clearTimeout(timer)
    timer = null
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH_WRITES)
      queue = queue.slice(BATCH_WRITES)
      const left = await runBatch(batch)
      queue = [...left, ...queue]
    }
    running = null
  }

  function schedule(): void {
    if (running !== null) return
    if (queue.length >= BATCH_WRITES) running = drain()
    else
      timer ??= setTimeout(() => {
        running = drain()
      }, BATCH_MS)
  }

  return {
    submit<T>(write: Write<T>, before?: Precondition): Promise<T> {
      if (closed) return Promise.reject(new RelayError('busy', 'the relay is closing'))
      return new Promise<T>((resolve, reject) => {
        queue.push({
          write: before ? guarded(before, write) : write,
          resolve: resolve as (value: unknown) => void,
          reject,
          listeners: [],
          outcome: null,
        })
        schedule()
      })
    },
    async close() {
      closed = true
      await running
      await drain()
    },
  }
}

const guarded =
  <T>(before: Precondition, write: Write<T>): Write<T> =>
  (afterFlush) => {
    before(afterFlush)
    return write(afterFlush)
  }
