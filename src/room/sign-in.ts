// The sign-in bridge: challenges between a browser and an app, which never meet anywhere else. Live memory, capped.

import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.js'
import { RelayError } from '../errors.js'
import {
  CHALLENGE_MS,
  CHALLENGES,
  HOUR,
  REFUSAL_MS,
  SOLUTION_MS,
  SOLUTIONS_AT_ONCE,
  SOLUTIONS_PER_HOUR,
} from '../limits.js'
import { Returning } from '../returning.js'
import type { FeedId } from '../ssb/feed-id.js'
import { CHALLENGE_BYTES, isChallenge, isSolution } from '../ssb/http-auth.js'

/** How a sign-in that a browser has begun stands; `gone` is also one that never was. */
export type Challenge = 'waiting' | 'solved' | 'failed' | 'gone'

/** Asks the app of a member that is connected to sign; null where none is. It may never settle. */
export type AskApp = (feed: FeedId, sc: string, cc: string) => Promise<unknown> | null

export interface SignInBridge {
  /** Begins a sign-in for a browser: answers the server's challenge, which only that browser may be shown. */
  begin(): string
  state(sc: string): Challenge
  /** Calls once when a challenge is no longer waiting; answers the means to stop listening. */
  watch(sc: string, listener: () => void): () => void
  /** Who solved it; true once for each challenge, which is then gone. */
  collect(sc: string): FeedId | null
  /** An app's solution, over its own connection. One that is wrong uses the challenge up too. */
  solve(feed: FeedId, sc: unknown, cc: unknown, solution: unknown): boolean
  /**
   * Asks a member's app to sign for a sign-in that it began itself; each of its challenges is good for one try.
   * Whatever the reason, a refusal comes after the same while.
   * @throws RelayError `sign_in_refused`
   */
  ask(feed: FeedId, cc: string): Promise<void>
  /** Voids what a member's app has solved and no browser has collected. */
  invalidate(feed: FeedId): void
  /** Tells how apps are asked. */
  connect(ask: AskApp): void
  close(): void
}

interface Waiting {
  /** Unix ms */
  expires: number
  state: Exclude<Challenge, 'gone'>
  feed: FeedId | null
  listeners: Set<() => void>
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
  /** by the server's challenge; a browser that came back for its own keeps it, whatever crowd begins others */
  const challenges = new Returning<Waiting>(CHALLENGES, ({ expires }) => expires <= clock.now(), wake)
  /** members' challenges that were tried, with the moment they are forgotten */
  const tried = new Map<FeedId, Array<{ cc: string; until: number }>>()
  const pauses = new Set<() => void>()
  let askApp: AskApp = () => null
  let asking = 0

  const newChallenge = (): string => randomBytes(CHALLENGE_BYTES).toString('base64')

  /** Has whoever waits look again. */
  function wake({ listeners }: Waiting): void {
    for (const listener of [...listeners]) listener()
    listeners.clear()
  }

  function settle(held: Waiting, state: 'solved' | 'failed', feed: FeedId | null): void {
    held.state = state
    held.feed = feed
    wake(held)
  }

  /** Takes note of a client's challenge; false if it was tried before, or too many of that client's were. */
  function spend(feed: FeedId, cc: string): boolean {
    const now = clock.uptime()
    const spent = (tried.get(feed) ?? []).filter(({ until }) => until > now)
    if (spent.length >= SOLUTIONS_PER_HOUR || spent.some((one) => one.cc === cc)) return false
    tried.set(feed, [...spent, { cc, until: now + HOUR }])
    return true
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
    begin() {
      const sc = newChallenge()
      challenges.add(sc, {
        ...{ expires: clock.now() + CHALLENGE_MS, state: 'waiting', feed: null },
        listeners: new Set(),
      })
      return sc
    },

    state: (sc) => challenges.get(sc)?.state ?? 'gone',

    watch(sc, listener) {
      const held = challenges.get(sc)
      held?.listeners.add(listener)
      return () => held?.listeners.delete(listener)
    },

    collect(sc) {
      const held = challenges.get(sc)
      if (!held || held.state === 'waiting') return null
      challenges.delete(sc)
      return held.state === 'solved' && held.feed && isMember(held.feed) ? held.feed : null
    },

    solve(feed, sc, cc, solution) {
      // the challenge is looked up by its whole self: 256 random bits in a table tell nobody how near a guess came
      const held = isChallenge(sc) ? challenges.get(sc) : undefined
      if (held?.state !== 'waiting') return false
      const solved =
        isMember(feed) &&
        isChallenge(cc) &&
        isSolution({ server: own, client: feed, sc: sc as string, cc }, solution)
      settle(held, solved ? 'solved' : 'failed', solved ? feed : null)
      return solved
    },

    async ask(feed, cc) {
      const early = within(REFUSAL_MS, null)
      // whoever is no member leaves no trace, and whoever is cannot be told from one by how they are refused
      const may = isMember(feed) && asking < SOLUTIONS_AT_ONCE && spend(feed, cc)
      const sc = newChallenge()
      const asked = may ? askApp(feed, sc, cc) : null
      if (asked) {
        asking += 1
        const solution = await within(SOLUTION_MS, asked)
        asking -= 1
        // The membership is asked for again: it may have ended while the app was thinking.
        if (isMember(feed) && isSolution({ server: own, client: feed, sc, cc }, solution)) return
      }
      await early
      throw new RelayError('sign_in_refused')
    },

    invalidate(feed) {
      for (const [sc, held] of [...challenges.values()]) if (held.feed === feed) challenges.delete(sc)
    },

    connect(ask) {
      askApp = ask
    },

    close() {
      for (const over of [...pauses]) over()
      challenges.clear()
    },
  }
}
