// SPDX-License-Identifier: AGPL-3.0-or-later
// Signed-in browsers and one-time login links: only token hashes are stored, and all end with the membership.

import { createHash, randomBytes } from 'node:crypto'
import { isClockSet } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { AGENT_CHARS, LINK_MS, SEEN_STEP_MS, SIGN_IN_MS, SIGN_INS_PER_MEMBER } from '../lib/limits.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { SignInRecord, SignInWay, Tables } from './layout.js'
import type { Members } from './members.js'
import type { Precondition, Writer } from './writer.js'

export interface SignIn extends SignInRecord {
  /** identifies it in lists; not usable as a token */
  id: string
}

export interface SignIns {
  /**
   * Signs a browser in; returns its token, which is not stored.
   * @param agent short name of the browser
   * @throws RelayError `not_following` if the feed is not a member
   */
  open(feed: FeedId, how: SignInWay, agent: string): Promise<string>
  /** The sign-in of a token; null if unknown, expired or not of a member. */
  get(token: string): SignIn | null
  /** Records the use of a sign-in, at most once per `SEEN_STEP_MS`. Returns whether it was written. */
  used(signIn: SignIn): Promise<boolean>
  /** A member's browsers, last used first. */
  of(feed: FeedId): SignIn[]
  /** Signs a browser out. @throws RelayError `not_found`, also if it is of another member */
  close(id: string, feed: FeedId): Promise<void>
  /** Signs out all browsers of a member and voids its login links; returns the number of browsers. */
  closeAll(feed: FeedId): Promise<number>
  /** Called before `closeAll` writes, so that pending sign-ins end too and later ones are not affected. */
  onCloseAll(listener: (feed: FeedId) => void): () => void
  /** Creates a login link for a member and voids the previous one. @throws RelayError `not_following` */
  link(feed: FeedId, before?: Precondition): Promise<{ token: string; expires: number }>
  /** Signs a browser in by a login link, which is then void. @throws RelayError `link_void` */
  useLink(token: string, agent: string): Promise<string>
  /** Signs out all browsers and voids all links: a backup does not know what ended after it was taken. */
  forgetAll(): Promise<void>
  /** Removes expired rows; returns their number. */
  sweep(): Promise<number>
  /**
   * Limits the expiry of rows from when the clock was ahead to that of new rows. With a clock that is behind, valid
   * rows would be shortened too, so call it only after the network has set the clock.
   */
  shorten(): Promise<void>
}

/** 32 bytes in base64url; other strings are never looked up. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/

const newToken = (): string => randomBytes(32).toString('base64url')
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/** @param now Unix ms */
export function createSignIns(
  { signIns, links }: Tables,
  writer: Writer,
  members: Members,
  now: () => number,
): SignIns {
  const listeners = new Set<(feed: FeedId) => void>()
  const view = (key: Buffer, record: SignInRecord): SignIn => ({ id: key.toString('base64url'), ...record })

  function of(feed: FeedId): SignIn[] {
    return [...signIns.getRange({})]
      .filter(({ value }) => value.feed === feed && value.expires > now())
      .map(({ key, value }) => view(key, value))
      .sort((a, b) => b.seen - a.seen)
  }

  function openNow(feed: FeedId, how: SignInWay, agent: string): string {
    if (!members.has(feed)) throw new RelayError('not_following')
    for (const { id } of of(feed).slice(SIGN_INS_PER_MEMBER - 1))
      signIns.removeSync(Buffer.from(id, 'base64url'))
    const token = newToken()
    const at = now()
    signIns.putSync(hashOf(token), {
      ...{ feed, created: at, seen: at, expires: at + SIGN_IN_MS, how },
      agent: agent.slice(0, AGENT_CHARS),
    })
    return token
  }

  function dropLinks(feed: FeedId): void {
    for (const { key, value } of [...links.getRange({})]) if (value.feed === feed) links.removeSync(key)
  }

  return {
    of,
    open: (feed, how, agent) => writer.submit(() => openNow(feed, how, agent)),

    get(token) {
      if (!TOKEN.test(token)) return null
      const key = hashOf(token)
      const record = signIns.get(key)
      // checked each time, so that no sign-in outlives its membership
      if (!record || record.expires <= now() || !members.has(record.feed)) return null
      return view(key, record)
    },

    async used({ id, seen }) {
      // with an unset clock the new expiry would be in the past once the clock is right
      if (!isClockSet(now()) || now() - seen < SEEN_STEP_MS) return false
      await writer.submit(() => {
        const key = Buffer.from(id, 'base64url')
        const record = signIns.get(key)
        if (record) signIns.putSync(key, { ...record, seen: now(), expires: now() + SIGN_IN_MS })
      })
      return true
    },

    close: (id, feed) =>
      writer.submit(() => {
        const key = Buffer.from(TOKEN.test(id) ? id : '', 'base64url')
        if (key.length === 0 || signIns.get(key)?.feed !== feed) throw new RelayError('not_found')
        signIns.removeSync(key)
      }),

    closeAll(feed) {
      for (const listener of [...listeners]) listener(feed)
      return writer.submit(() => {
        dropLinks(feed)
        const open = [...signIns.getRange({})].filter(({ value }) => value.feed === feed)
        for (const { key } of open) signIns.removeSync(key)
        return open.length
      })
    },

    onCloseAll(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    link: (feed, before) =>
      writer.submit(() => {
        if (!members.has(feed)) throw new RelayError('not_following')
        dropLinks(feed)
        const token = newToken()
        const expires = now() + LINK_MS
        links.putSync(hashOf(token), { feed, expires })
        return { token, expires }
      }, before),

    async useLink(token, agent) {
      const key = hashOf(token)
      /** @throws RelayError the same for a link that is unknown, used or expired, or whose member has left */
      function feedOf(): FeedId {
        const record = links.get(key)
        if (!record || record.expires <= now() || !members.has(record.feed)) throw new RelayError('link_void')
        return record.feed
      }
      // so that guessed tokens cause no writes
      feedOf()
      return writer.submit(() => {
        const feed = feedOf()
        links.removeSync(key)
        return openNow(feed, 'link', agent)
      })
    },

    forgetAll: () =>
      writer.submit(() => {
        for (const table of [signIns, links]) table.clearSync()
      }),

    sweep: () =>
      writer.submit(() => {
        let dropped = 0
        for (const table of [signIns, links])
          for (const { key, value } of [...table.getRange({})])
            if (value.expires <= now()) {
              table.removeSync(key)
              dropped += 1
            }
        return dropped
      }),

    shorten: () =>
      writer.submit(() => {
        for (const { key, value } of [...signIns.getRange({})])
          if (value.seen > now()) signIns.putSync(key, { ...value, seen: now(), expires: now() + SIGN_IN_MS })
        for (const { key, value } of [...links.getRange({})])
          if (value.expires > now() + LINK_MS) links.putSync(key, { ...value, expires: now() + LINK_MS })
      }),
  }
}
