// SPDX-License-Identifier: AGPL-3.0-or-later
// First-run set-up: name, description and first admin, from the holder of the token that `start` prints.

import { randomBytes } from 'node:crypto'
import { RelayError } from '../lib/errors.js'
import { DESCRIPTION_CHARS, NAME_CHARS } from '../lib/limits.js'
import { isSameText } from '../lib/same-text.js'
import { readFeedId } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import type { SettingsInfo } from './protocol.js'

export interface Setup {
  /** Whether set-up is still to be done. */
  pending(): boolean
  /** Whether this is the token. */
  knows(token: unknown): boolean
  /**
   * Takes the answers from the web, once and only with the token.
   * @throws RelayError `already_set_up`, `token_wrong`, `bad_argument`, `bad_feed_id`
   */
  claim(token: unknown, answers: Record<string, unknown>): Promise<void>
  /** Takes the answers from the operator, who can change them later. */
  answer(answers: Record<string, unknown>): Promise<SettingsInfo>
  info(): SettingsInfo
  /** Link to the set-up page with the token; null once set-up is done. */
  link(site: string): string | null
}

/** Bytes of the token: too many to guess. */
const TOKEN_BYTES = 16

/** Creates the set-up state with a fresh token, which changes with each start. */
export function createSetup({ settings, members, moderation }: Store): Setup {
  // the holder of the token, like a client of the control socket, is the operator
  const actions = moderation.as('operator')
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  /** of two forms posted at the same time, the first wins */
  let claiming = false

  const pending = (): boolean => !settings.get().setUp

  const knows = (given: unknown): boolean =>
    typeof given === 'string' && pending() && isSameText(given, token)

  async function take(answers: Record<string, unknown>): Promise<void> {
    const name = line(answers.name, 'name', NAME_CHARS)
    const description = lines(answers.description, 'description', DESCRIPTION_CHARS)
    if (name === '') throw new RelayError('bad_argument', 'the room must have a name')
    const given = answers.admin ?? ''
    const admin = readFeedId(given)
    if (given !== '' && !admin) throw new RelayError('bad_feed_id', 'admin')
    const { ebt } = answers
    if (ebt !== undefined && typeof ebt !== 'boolean')
      throw new RelayError('bad_argument', 'ebt must be true or false')
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

/** Text in one line, without control characters and surplus spaces, which could disturb a page or a terminal. */
function line(value: unknown, name: string, most: number): string {
  const text = value ?? ''
  if (typeof text !== 'string') throw new RelayError('bad_argument', `${name} must be text`)
  const clean = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\s]+/gu, ' ').trim()
  if ([...clean].length > most)
    throw new RelayError('bad_argument', `${name} must have at most ${most} characters`)
  return clean
}

/** The same for text of several lines; several empty lines in a row become one. */
function lines(value: unknown, name: string, most: number): string {
  const text = typeof value === 'string' ? value : line(value, name, most)
  const clean = text
    .split(/\r\n|\r|\n/)
    .map((each) => line(each, name, most))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  if ([...clean].length > most)
    throw new RelayError('bad_argument', `${name} must have at most ${most} characters`)
  return clean
}
