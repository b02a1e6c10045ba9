// SPDX-License-Identifier: AGPL-3.0-or-later
// Limits the work in one turn of the event loop; the rest is done in later turns, fairly by key.

export interface FairScheduler<Key> {
  /** Counts one unit of work; returns whether it may be done now. */
  take(): boolean
  /** Runs a job once in a later turn, even if it is requested several times, in the order of its key's jobs. */
  wait(key: Key, job: () => void): void
  /** Cancels a waiting job. */
  drop(key: Key, job: () => void): void
  /** Cancels all waiting jobs. */
  close(): void
}

/**
 * @param most    units of work in one turn
 * @param onFault called with what a waiting job threw
 */
export function createFairScheduler<Key>(most: number, onFault: (err: unknown) => void): FairScheduler<Key> {
  /** Keys are served in turn, one job each: a thousand jobs of one key do not delay those of others. */
  const due = new Map<Key, Set<() => void>>()
  let left = most
  let next: NodeJS.Immediate | null = null

  function turn(): void {
    next = null
    left = most
    for (const [key, jobs] of due) {
      // a job that may not run now requests a later turn again
      if (left <= 0) break
      const [job] = jobs
      due.delete(key)
      if (job) jobs.delete(job)
      if (jobs.size > 0) due.set(key, jobs)
      try {
        job?.()
      } catch (err) {
        onFault(err)
      }
    }
    if (due.size > 0) next ??= setImmediate(turn)
  }

  return {
    take() {
      if (left <= 0) return false
      left -= 1
      next ??= setImmediate(turn)
      return true
    },
    wait(key, job) {
      due.set(key, (due.get(key) ?? new Set()).add(job))
      next ??= setImmediate(turn)
    },
    drop(key, job) {
      const jobs = due.get(key)
      jobs?.delete(job)
      if (jobs?.size === 0) due.delete(key)
    },
    close() {
      due.clear()
      if (next) clearImmediate(next)
      next = null
      left = most
    },
  }
}
