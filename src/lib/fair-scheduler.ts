// Work in turns: so much of it in one turn of the event loop, the rest in later ones, fairly by whose it is.

export interface FairScheduler<Key> {
  /** Counts one piece of work, if it may be done now. */
  take(): boolean
  /** Runs a job in a later turn: once, however often it was asked for meanwhile, and in the order of its key's jobs. */
  wait(key: Key, job: () => void): void
  /** Forgets a job that waits. */
  drop(key: Key, job: () => void): void
  /** Forgets all that waits. */
  close(): void
}

/**
 * @param most    pieces of work in one turn
 * @param onFault told what a job threw that had waited; who runs one at once hears it itself
 */
export function createFairScheduler<Key>(most: number, onFault: (err: unknown) => void): FairScheduler<Key> {
  /** Keys are served in turn, a job each: who has a thousand waiting keeps nobody else from theirs. */
  const due = new Map<Key, Set<() => void>>()
  let left = most
  let next: NodeJS.Immediate | null = null

  function turn(): void {
    next = null
    left = most
    for (const [key, jobs] of due) {
      // a job that finds no room asks for a later turn again
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
