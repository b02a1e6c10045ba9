// The first run: what the room is called and who administers it, asked once, of whoever holds the token `start` printed.

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { RelayError } from '../lib/errors.js'
import { DESCRIPTION_CHARS, NAME_CHARS } from '../lib/limits.js'
import { readFeedId } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import type { SettingsInfo } from './protocol.js'

export interface Setup {
  /** Whether the questions are still open. */
  pending(): boolean
  /** Whether this is the token: for the page, before it shows the questions. */
  knows(token: unknown): boolean
  /**
   * Takes the answers from the web: once, and only with the token.
   * @throws RelayError `already_set_up`, `token_wrong`, `bad_argument`, `bad_feed_id`
   */
  claim(token: unknown, answers: Record<string, unknown>): Promise<void>
  /** Takes them from the operator, who may also change them later. */
  answer(answers: Record<string, unknown>): Promise<SettingsInfo>
  info(): SettingsInfo
  /** Where the questions are asked, token and all, under the pages' URL; null once they are answered. */
  link(site: string): string | null
}

/** Bytes of the token: more than anyone can guess. */
const TOKEN_BYTES = 16

/** Holds a token of its own until the questions are answered; another start makes another. */
export function createSetup({ settings, members, moderation }: Store): Setup {
  // whoever holds the token, or the socket, is the operator
  const actions = moderation.as('operator')
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  /** two forms posted at once: the first takes the place */
  let claiming = false

  const pending = (): boolean => !settings.get().setUp

  function knows(given: unknown): boolean {
    if (typeof given !== 'string') return false
    const [a, b] = [Buffer.from(given), Buffer.from(token)]
    return pending() && a.length === b.length && timingSafeEqual(a, b)
  }

  async function take(answers: Record<string, unknown>): Promise<void> {
    const name = line(answers.name, 'name', NAME_CHARS)
    const description = lines(answers.description, 'description', DESCRIPTION_CHARS)
    if (name === '') throw new RelayError('bad_argument', 'a room needs a name')
    const given = answers.admin ?? ''
    const admin = readFeedId(given)
    if (given !== '' && !admin) throw new RelayError('bad_feed_id', 'admin')
    const { ebt } = answers
    if (ebt !== undefined && typeof ebt !== 'boolean')
      throw new RelayError('bad_argument', 'ebt is true or false')
    if (admin) {
      if (!members.has(admin)) await actions.addMember(admin, '')
      await actions.setRole(admin, 'admin')
    }
    await actions.describe({ name, description, ebt })
  }

  function info(): SettingsInfo {
    const { name, description, mode, setUp, ebt } = settings.get()
    return { name, description, mode, ebt, set_up: setUp, setup_token: setUp ? null : token }
  }

  return {
    pending,
    knows,
    info,
    link: (site) => (pending() ? `${site}/setup?token=${token}` : null),
    async claim(given, answers) {
      if (!pending() || claiming) throw new RelayError('already_set_up')
      if (!knows(given)) throw new RelayError('token_wrong')
      claiming = true
      try {
        await take(answers)
      } finally {
        claiming = false
      }
    },
    async answer(answers) {
      await take(answers)
      return info()
    },
  }
}

/** Text as people wrote it, without what could disturb a page or a terminal: control characters and stray spaces. */
function line(value: unknown, name: string, most: number): string {
  const text = value ?? ''
  if (typeof text !== 'string') throw new RelayError('bad_argument', `${name} is text`)
  const clean = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\s]+/gu, ' ').trim()
  if ([...clean].length > most) throw new RelayError('bad_argument', `${name} is at most ${most} characters`)
  return clean
}

/** The same for text of several lines, which it keeps; more than one empty line between two is one. */
function lines(value: unknown, name: string, most: number): string {
  const text = typeof value === 'string' ? value : line(value, name, most)
  const clean = text
    .split(/\r\n|\r|\n/)
    .map((each) => line(each, name, most))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  if ([...clean].length > most) throw new RelayError('bad_argument', `${name} is at most ${most} characters`)
  return clean
}
