// What a method of the control socket is told of the request it answers.

/** How far a long call has come. */
export interface Progress {
  /** what is being done, in a word or two */
  stage: string
  done: number
  /** null where it is not known beforehand */
  total: number | null
}

export type OnProgress = (progress: Progress) => void

/** One request under way. */
export interface Call {
  /** aborted when the caller hangs up */
  signal: AbortSignal
  /** tells the caller how far it is; as often as one likes, as few reports are sent */
  progress: OnProgress
}
