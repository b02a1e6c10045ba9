// The sign-in bridge: challenges between a browser and an app, which never meet anywhere else. Live memory, capped.

import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { HOUR, SOLUTION_MS, SOLUTIONS_AT_ONCE, SOLUTIONS_PER_HOUR, SOLVED_PER_MEMBER } from '../lib/limits.js'
import type { FeedId } from '../ssb/feed-id.js'
import { CHALLENGE_BYTES, isChallenge, isSolution } from '../ssb/http-auth.js'
import { createChallengeMint } from './challenge.js'

/** How a sign-in that a browser has begun stands; `gone` is also one that never was. */
export type Challenge = 'waiting' | 'solved' | 'failed' | 'gone'

/** Asks the app of a member that is connected to sign; null where none is. It may never settle. */
export type AskApp = (feed: FeedId, sc: string, cc: string) => Promise<unknown> | null

export interface SignInBridge {
  /** Begins a sign-in: answers a secret for that browser alone. Nothing is kept here until an app has spoken. */
  begin(): string
  /** The server's challenge of that secret; null when it is over, or has not the form of one. */
  challengeOf(ticket: string): string | null
  state(sc: string): Challenge
  /** Calls once when a challenge is no longer waiting; answers the means to stop listening. */
  watch(sc: string, listener: () => void): () => void
  /** Who solved it; true once for each challenge, which is then gone. */
  collect(sc: string): FeedId | null
  /** A member's solution, over its own connection. One that is wrong uses the challenge up too. */
  solve(feed: FeedId, sc: unknown, cc: unknown, solution: unknown): boolean
  /**
   * Asks a member's app to sign for a sign-in that it began itself; each of its challenges is good for one try.
   * Whatever the reason, a refusal comes after the same while. Whoever knows a member's id may have its app asked until
   * the hour's tries are used up: then that app begins no sign-ins for a while, and browsers still do. How many callers
   * wait is the caller's to bound: it must be done before anything of the feed is known.
   * @throws RelayError `sign_in_refused`
   */
  ask(feed: FeedId, cc: string): Promise<void>
  /** Voids what a member's app has solved and no browser has collected, and what it is being asked. */
  invalidate(feed: FeedId): void
  /** Tells how apps are asked. */
  connect(ask: AskApp): void
  close(): void
}

/** What a member's app has said to a challenge; `gone` once a browser has come for it. */
interface Answer {
  state: 'solved' | 'failed' | 'gone'
  feed: FeedId
  /** Unix ms */
  expires: number
}

/** A challenge of a member's app that this relay asked it about. */
interface Try {
  cc: string
  /** `clock.uptime()` at which it is forgotten */
  until: number
  /** `asked` while the app is thinking about it */
  state: 'asked' | 'signed' | 'failed'
}

/**
 * @param own      the relay's id
 * @param isMember whether the relay follows a feed now
 */
export function createSignInBridge(
  clock: Clock,
  own: FeedId,
  isMember: (feed: FeedId) => boolean,
): SignInBridge {
  const mint = createChallengeMint(clock.now)
  /** by the server's challenge */
  const answers = new Map<string, Answer>()
  /** browsers that wait for an answer, by the server's challenge */
  const listeners = new Map<string, Set<() => void>>()
  /** of members whose apps were asked */
  const tried = new Map<FeedId, Try[]>()
  const pauses = new Set<() => void>()
  let askApp: AskApp = () => null

  function wake(sc: string): void {
    const waiting = listeners.get(sc)
    listeners.delete(sc)
    for (const listener of waiting ?? []) listener()
  }

  /** Forgets what is over; false if this member has as many answers standing as it may. */
  function hasRoom(feed: FeedId): boolean {
    let standing = 0
    for (const [sc, answer] of answers) {
      if (answer.expires <= clock.now()) answers.delete(sc)
      else if (answer.feed === feed) standing += 1
    }
    return standing < SOLVED_PER_MEMBER
  }

  function mayTry(feed: FeedId, cc: string): boolean {
    const before = (tried.get(feed) ?? []).filter(({ until }) => until > clock.uptime())
    const count = (wanted: Try['state']): number => before.filter(({ state }) => state === wanted).length
    return (
      count('asked') < SOLUTIONS_AT_ONCE &&
      count('failed') < SOLUTIONS_PER_HOUR &&
      // counted apart: what others make fail takes none of them away
      count('signed') < SOLUTIONS_PER_HOUR &&
      !before.some((one) => one.cc === cc)
    )
  }

  /** Takes note of a challenge that an app is asked about. */
  function note(feed: FeedId, cc: string): Try {
    const now = clock.uptime()
    for (const [member, tries] of tried) {
      const left = tries.filter(({ until }) => until > now)
      if (left.length > 0) tried.set(member, left)
      else tried.delete(member)
    }
    // A copy: what was cut out of an address or a header holds on to all of it.
    const mine: Try = { cc: copyOf(cc), until: now + HOUR, state: 'asked' }
    tried.set(copyOf(feed), [...(tried.get(feed) ?? []), mine])
    return mine
  }

  /** What becomes of a promise within so many milliseconds; undefined if nothing does, or it fails. */
  function within(ms: number, promise: Promise<unknown> | null): Promise<unknown> {
    return new Promise((resolve) => {
      const done = (value: unknown): void => {
        stop()
        pauses.delete(over)
        resolve(value)
      }
      const over = (): void => done(undefined)
      const stop = clock.after(ms, over)
      pauses.add(over)
      promise?.then(done, over)
    })
  }

  return {
    begin: mint.ticket,
    challengeOf: mint.of,

    state(sc) {
      if (mint.end(sc) === null) return 'gone'
      return answers.get(sc)?.state ?? 'waiting'
    },

    watch(sc, listener) {
      const waiting = listeners.get(sc) ?? new Set()
      listeners.set(sc, waiting.add(listener))
      return () => {
        waiting.delete(listener)
        if (waiting.size === 0 && listeners.get(sc) === waiting) listeners.delete(sc)
      }
    },

    collect(sc) {
      const answer = answers.get(sc)
      if (!answer || answer.expires <= clock.now()) return null
      const { state, feed } = answer
      // kept until it would be over: a challenge that was used cannot be solved once more
      answer.state = 'gone'
      return state === 'solved' && isMember(feed) ? feed : null
    },

    solve(feed, sc, cc, solution) {
      const expires = mint.end(sc)
      if (expires === null || !isMember(feed) || answers.has(sc as string) || !hasRoom(feed)) return false
      const solved =
        isChallenge(cc) && isSolution({ server: own, client: feed, sc: sc as string, cc }, solution)
      answers.set(sc as string, { state: solved ? 'solved' : 'failed', feed, expires })
      wake(sc as string)
      return solved
    },

    async ask(feed, cc) {
      const early = within(SOLUTION_MS, null)
      const sc = randomBytes(CHALLENGE_BYTES).toString('base64')
      // whoever is no member leaves no trace, and whoever is cannot be told from one by how they are refused
      const known = isMember(feed)
      const may = known && mayTry(feed, cc)
      const asked = may ? askApp(feed, sc, cc) : null
      if (asked) {
        const mine = note(feed, cc)
        const solution = await within(SOLUTION_MS, asked)
        // Asked for again: the membership may have ended while the app was thinking, or the member may have voided this.
        const stands = mine.state === 'asked' && isMember(feed)
        const signed = stands && isSolution({ server: own, client: feed, sc, cc }, solution)
        mine.state = signed ? 'signed' : 'failed'
        if (signed) return
      }
      await early
      throw new RelayError('sign_in_refused', undefined, known && !may ? { limit: 'sign_in_solutions' } : {})
    },

    invalidate(feed) {
      for (const answer of answers.values()) if (answer.feed === feed) answer.state = 'gone'
      for (const one of tried.get(feed) ?? []) if (one.state === 'asked') one.state = 'failed'
    },

    connect(ask) {
      askApp = ask
    },

    close() {
      for (const over of [...pauses]) over()
      answers.clear()
      listeners.clear()
    },
  }
}

/** The same text in memory of its own. */
function copyOf(text: string): string {
  return Buffer.from(text).toString()
}
