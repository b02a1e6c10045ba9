// SPDX-License-Identifier: AGPL-3.0-or-later
// A client that follows SPIP-01 exactly, and behaves as Delog where Delog differs.

import ssbKeys, { type Keys } from 'ssb-keys'
import type { KeyedMessage, MessageValue } from '../../src/ssb/message.js'
import { type Client, connectClient } from './client.js'
import { createTestFeed, type TestFeed } from './feed.js'
import { type Reply, titleOf, Visitor } from './http.js'
import type { Source } from './pull.js'

export const INVITE_PATH = '/invite/'
/** The specification's spelling. */
export const ANSWER_PATH = '/invite/invite-captcha-reponse'

/** Reads a captcha's image as a person does. */
export type ReadCaptcha = (image: Buffer) => string | undefined

export interface DelogInvite {
  host: string
  port: number
  relay: string
  guest: Keys
}

export interface Delog {
  id: string
  feed: TestFeed
  visitor: Visitor
  /** GET /invite/: the captcha's page */
  openInvitePage(base: string): Promise<Reply>
  /** fetches the image of the last page */
  fetchCaptcha(page: Reply): Promise<Reply>
  /** POST of the answer; `webView` adds the header of Delog's WebView */
  answerCaptcha(answer: string, options?: { webView?: boolean }): Promise<Reply>
  /** `connectWithInvite`: handshake with the guest key, `invite.use`, then disconnect unless told to stay */
  useInvite(code: string, options?: { stay?: boolean }): Promise<{ contact: KeyedMessage; guest: Client }>
  /** connects with its own key and asks for its own feed, then for the others' */
  synchronize(at: { port: number; relay: string }, others?: string[]): Promise<Synchronized>
}

export interface Synchronized {
  client: Client
  /** requests of the relay for our history, in order */
  asked: Array<Record<string, unknown>>
  /** every message received on this connection, by author, in the order of arrival */
  received: Map<string, KeyedMessage[]>
  /** publishes while connected: the message is sent on open streams */
  post(count: number): MessageValue[]
}

/** Parses a code as Delog does: split at colons into exactly three parts. */
export function parseAsDelog(code: string): DelogInvite {
  const parts = code.split(':')
  if (parts.length !== 3) throw new Error(`a code of ${parts.length} parts`)
  const [host = '', port = '', keyAndSeed = ''] = parts
  const [relay = '', seed = '', ...rest] = keyAndSeed.split('~')
  if (rest.length > 0 || relay.split('.').length !== 2) throw new Error('a malformed code')
  return { host, port: Number(port), relay, guest: ssbKeys.generate('ed25519', Buffer.from(seed, 'base64')) }
}

/** The code that Delog reads from the URL of its WebView. */
export function codeInUrl(url: string): string {
  const text = url.split('?')[1]?.split('=')[1] ?? ''
  // Android's decoder throws for anything outside its alphabet, where Node's would skip it
  if (!/^[A-Za-z0-9+/]+$/.test(text)) throw new Error(`not base64 as Android knows it: ${text}`)
  return Buffer.from(text, 'base64').toString('utf8')
}

/** The code by SPIP-01: the page's title. */
export function codeInTitle(page: string): string {
  return titleOf(page) ?? ''
}

export function createDelog(keys: Keys = ssbKeys.generate()): Delog {
  const feed = createTestFeed(keys)
  const others = new Map<string, KeyedMessage[]>()
  let visitor = new Visitor('')

  return {
    id: feed.id,
    feed,
    get visitor() {
      return visitor
    },

    openInvitePage(base) {
      visitor = new Visitor(base)
      return visitor.get(INVITE_PATH)
    },

    fetchCaptcha(page) {
      const src = /class="captcha"><img src="([^"]+)"/.exec(page.text)?.[1] ?? ''
      return visitor.get(src)
    },

    answerCaptcha: (answer, { webView = false } = {}) =>
      visitor.post(ANSWER_PATH, { captcha: answer }, webView ? { 'X-Requested-With': 'in.delog' } : {}),

    async useInvite(code, { stay = false } = {}) {
      const { port, relay, guest: keys } = parseAsDelog(code)
      const guest = await connectClient({ port, relay, keys })
      try {
        const contact = await guest.rpc.invite.use({ feed: feed.id })
        return { contact, guest }
      } finally {
        if (!stay) await guest.close()
      }
    },

    async synchronize({ port, relay }, follows = []) {
      const asked: Array<Record<string, unknown>> = []
      const open = new Set<() => void>()
      const received = new Map<string, KeyedMessage[]>()
      const api = { createHistoryStream: (query: Record<string, unknown>) => serve(query) }
      const client = await connectClient({ port, relay, keys, api })

      /** Delog sends from its first message, whatever sequence was asked for, and never ends the stream. */
      function serve(query: Record<string, unknown>): Source<unknown> {
        asked.push(query)
        let next = 0
        let waiting: (() => void) | null = null
        const wake = (): void => waiting?.()
        open.add(wake)
        return (abort, cb) => {
          if (abort) {
            open.delete(wake)
            cb(abort)
            return
          }
          waiting = () => {
            const value = query.id === feed.id ? feed.messages[next] : undefined
            if (!value) return
            next += 1
            waiting = null
            cb(null, { key: `%${'A'.repeat(43)}=.sha256`, value, timestamp: value.timestamp })
          }
          waiting()
        }
      }

      function ask(id: string): void {
        const held = id === feed.id ? feed.messages.length : (others.get(id)?.at(-1)?.value.sequence ?? 0)
        const messages: KeyedMessage[] = []
        received.set(id, messages)
        const read: Source<KeyedMessage> = client.rpc.createHistoryStream({
          id,
          seq: held,
          limit: 100,
          keys: true,
          live: true,
        })
        const next = (): void =>
          read(null, (end, message) => {
            if (end || !message) return
            messages.push(message)
            keep(message)
            next()
          })
        next()
      }

      // its own feed first: a backup or a moved device learns here what it had written before
      ask(feed.id)
      for (const id of follows) ask(id)
      return {
        client,
        asked,
        received,
        post(count) {
          const fresh = feed.post(count)
          for (const wake of open) for (const _ of fresh) wake()
          return fresh
        },
      }
    },
  }

  function keep(message: KeyedMessage): void {
    const { author, sequence } = message.value
    if (author === feed.id) return
    const held = others.get(author) ?? []
    others.set(author, held)
    if ((held.at(-1)?.value.sequence ?? 0) < sequence) held.push(message)
  }
}
