// Time, as one thing that tests can turn: no other file of the relay's logic asks the system for it.

export interface Clock {
  /** Unix ms */
  now(): number
  /** Milliseconds from some point in the past, for measuring durations: no setting of the clock disturbs it. */
  uptime(): number
  /** Runs once after some milliseconds; answers the means to call it off. Never keeps the process alive. */
  after(ms: number, run: () => void): () => void
  /** Runs every so many milliseconds until called off. */
  every(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  uptime: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
  every(ms, run) {
    const timer = setInterval(run, ms).unref()
    return () => clearInterval(timer)
  },
}
