// SPDX-License-Identifier: AGPL-3.0-or-later
// The one writer: gathers writes into batches, commits each in one LMDB transaction, and resolves when it is on disk.

import type { RootDatabase } from 'lmdb'
import { RelayError } from '../lib/errors.js'
import { BATCH_MS, BATCH_WORK_MS, BATCH_WRITES } from '../lib/limits.js'

/** Registers a listener that runs after the flush, before the writes of the batch resolve. */
export type AfterFlush = (listener: () => void) => void

/**
 * One write: reads and puts synchronously inside the transaction and returns its result. If it throws, its changes are
 * undone and its promise rejects; other writes of the batch are not affected.
 */
export type Write<T> = (afterFlush: AfterFlush) => T

/**
 * Runs in the same transaction just before a write; if either throws, both are undone. So a permission is checked at
 * the moment of the action it permits.
 */
export type Precondition = Write<void>

export interface Writer {
  /** Queues a write; resolves with its result once the batch is flushed. */
  submit<T>(write: Write<T>, before?: Precondition): Promise<T>
  /** Commits queued writes and rejects later ones. */
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
 * True for further rejections that lmdb-js makes of a failed commit, on promises out of reach. Their writes have been
 * rejected here, so a handler of unhandled rejections may ignore them. Errors of the database have a number as their
 * code, unlike those of Node.
 */
export function isAnsweredFailure(reason: unknown): boolean {
  return (
    reason instanceof Error &&
    ('commitError' in reason || ('code' in reason && typeof reason.code === 'number'))
  )
}

/**
 * Creates the writer. While the disk is idle, a write waits up to `BATCH_MS` for others. While a batch is being flushed,
 * the next one gathers, so that a slow card leads to larger batches, not to longer queues.
 * Writes run on the main thread: a batch that takes long is committed before it is full, so that other work is not
 * delayed.
 * @param onFault called when a listener throws; the write itself is not undone
 * @param uptime  monotonic clock in milliseconds
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

  /** Runs as many jobs as fit into the time limit, and resolves them. @returns the remaining jobs */
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
      // lmdb-js passes the reason as a separate promise, whose rejection must be handled.
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
