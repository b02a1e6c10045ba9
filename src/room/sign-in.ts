// SPDX-License-Identifier: AGPL-3.0-or-later
// The sign-in bridge: connects a browser's sign-in with the app that solves its challenge. In memory, with limits.

import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { HOUR, SOLUTION_MS, SOLUTIONS_AT_ONCE, SOLUTIONS_PER_HOUR, SOLVED_PER_MEMBER } from '../lib/limits.js'
import type { FeedId } from '../ssb/feed-id.js'
import { CHALLENGE_BYTES, isChallenge, isSolution } from '../ssb/http-auth.js'
import { createChallengeMint } from './challenge.js'

/** The state of a browser's sign-in; `gone` also for an unknown one. */
export type Challenge = 'waiting' | 'solved' | 'failed' | 'gone'

/** Asks a connected member's app to sign; null if no app is connected. The promise may never settle. */
export type AskApp = (feed: FeedId, sc: string, cc: string) => Promise<unknown> | null

export interface SignInBridge {
  /** Starts a sign-in. Returns a secret ticket for that browser. Stores nothing until an app answers. */
  begin(): string
  /** The server's challenge for a ticket; null if the ticket is expired or malformed. */
  challengeOf(ticket: string): string | null
  state(sc: string): Challenge
  /** Calls the listener once when a challenge is no longer waiting. Returns the unsubscribe function. */
  watch(sc: string, listener: () => void): () => void
  /** The feed that solved a challenge, once; then the challenge is gone. Null if it is not solved. */
  collect(sc: string): FeedId | null
  /** Checks a member's solution that came over its connection. A wrong solution also uses the challenge up. */
  solve(feed: FeedId, sc: unknown, cc: unknown, solution: unknown): boolean
  /**
   * Asks a member's app to sign for a sign-in that the app started. Each challenge of the app can be used once.
   * Every rejection takes the same time, so that it tells nothing of the feed. Anyone who knows a member's id can use up
   * the tries of an hour; then the app cannot start sign-ins for a while, and browsers still can.
   * The caller limits how many requests wait, before it looks at the feed.
   * @throws RelayError `sign_in_refused`
   */
  ask(feed: FeedId, cc: string): Promise<void>
  /** Cancels a member's solved, uncollected challenges and its pending requests. */
  invalidate(feed: FeedId): void
  /** Sets the function that asks apps. */
  connect(ask: AskApp): void
  close(): void
}

/** A member's answer to a challenge; `gone` once a browser has collected it. */
interface Answer {
  state: 'solved' | 'failed' | 'gone'
  feed: FeedId
  /** Unix ms */
  expires: number
}

/** A request to a member's app to sign for its own challenge. */
interface Try {
  cc: string
  /** `clock.uptime()` at which it is deleted */
  until: number
  /** `asked` until the app answers */
  state: 'asked' | 'signed' | 'failed'
}

/**
 * @param own      the relay's id
 * @param isMember whether the relay follows a feed
 */
export function createSignInBridge(
  clock: Clock,
  own: FeedId,
  isMember: (feed: FeedId) => boolean,
): SignInBridge {
  const mint = createChallengeMint(clock.now)
  /** by the server's challenge */
  const answers = new Map<string, Answer>()
  /** callbacks of waiting browsers, by the server's challenge */
  const listeners = new Map<string, Set<() => void>>()
  /** requests to apps, by member */
  const tried = new Map<FeedId, Try[]>()
  const pauses = new Set<() => void>()
  let askApp: AskApp = () => null

  function wake(sc: string): void {
    const waiting = listeners.get(sc)
    listeners.delete(sc)
    for (const listener of waiting ?? []) listener()
  }

  /** Deletes expired answers. Returns false if this member has reached its limit of answers. */
  function hasRoom(feed: FeedId): boolean {
    let count = 0
    for (const [sc, answer] of answers) {
      if (answer.expires <= clock.now()) answers.delete(sc)
      else if (answer.feed === feed) count += 1
    }
    return count < SOLVED_PER_MEMBER
  }

  function mayTry(feed: FeedId, cc: string): boolean {
    const before = (tried.get(feed) ?? []).filter(({ until }) => until > clock.uptime())
    const count = (wanted: Try['state']): number => before.filter(({ state }) => state === wanted).length
    return (
      count('asked') < SOLUTIONS_AT_ONCE &&
      count('failed') < SOLUTIONS_PER_HOUR &&
      // counted apart: failures that others cause must not use up the member's own sign-ins
      count('signed') < SOLUTIONS_PER_HOUR &&
      !before.some((one) => one.cc === cc)
    )
  }

  /** Records a request to an app; deletes expired ones. */
  function record(feed: FeedId, cc: string): Try {
    const now = clock.uptime()
    for (const [member, tries] of tried) {
      const left = tries.filter(({ until }) => until > now)
      if (left.length > 0) tried.set(member, left)
      else tried.delete(member)
    }
    // copies: a substring keeps its whole source text in memory
    const mine: Try = { cc: copyOf(cc), until: now + HOUR, state: 'asked' }
    tried.set(copyOf(feed), [...(tried.get(feed) ?? []), mine])
    return mine
  }

  /** Resolves with the promise's value; with undefined if it fails or takes longer than `ms`. */
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
      // stored until it expires: a used challenge cannot be solved again
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
      // a rejection must not tell members from others
      const known = isMember(feed)
      const isAllowed = known && mayTry(feed, cc)
      const asked = isAllowed ? askApp(feed, sc, cc) : null
      if (asked) {
        const mine = record(feed, cc)
        const solution = await within(SOLUTION_MS, asked)
        // the membership can end, and the member can cancel, while the app answers
        const isValid = mine.state === 'asked' && isMember(feed)
        const signed = isValid && isSolution({ server: own, client: feed, sc, cc }, solution)
        mine.state = signed ? 'signed' : 'failed'
        if (signed) return
      }
      await early
      throw new RelayError(
        'sign_in_refused',
        undefined,
        known && !isAllowed ? { limit: 'sign_in_solutions' } : {},
      )
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

/** Copies text, so that it does not share memory with its source. */
function copyOf(text: string): string {
  return Buffer.from(text).toString()
}
