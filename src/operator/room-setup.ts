// SPDX-License-Identifier: AGPL-3.0-or-later
// First-run set-up: name, description and first admin, from the holder of the token that `start` prints.

import { randomBytes } from 'node:crypto'
import { RelayError } from '../lib/errors.js'
import { DESCRIPTION_CHARS, LOCAL_CLAIM_MS, NAME_CHARS, SECOND } from '../lib/limits.js'
import { isSameText } from '../lib/same-text.js'
import { readFeedId } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import type { LocalClaim } from '../web/contract.js'
import type { SettingsInfo } from './protocol.js'

export interface Setup {
  /** Whether set-up is still to be done. */
  pending(): boolean
  /** Whether this is the token. @param isNear the caller is on the local network: the key of `localClaim` is as good */
  knows(token: unknown, isNear?: boolean): boolean
  /** Set-up without the token, from the local network in the first hour; null where it is off, and once set up. */
  localClaim(): LocalClaim | null
  /**
   * Takes the answers from the web, once and only with the token.
   * @throws RelayError `already_set_up`, `token_wrong`, `bad_argument`, `bad_feed_id`
   */
  claim(token: unknown, answers: Record<string, unknown>, isNear?: boolean): Promise<void>
  /** Takes the answers from the operator, who can change them later. */
  answer(answers: Record<string, unknown>): Promise<SettingsInfo>
  info(): SettingsInfo
  /** Link to the set-up page with the token; null once set-up is done. */
  link(site: string): string | null
}

/** Bytes of the token: too many to guess. */
const TOKEN_BYTES = 16

export interface SetupOptions {
  /** whether the local network can set the room up without the token in the first hour */
  localClaim?: boolean
  /** milliseconds of a monotonic clock: the date of a board may jump in its first hour */
  uptime?: () => number
}

/** Creates the set-up state with a fresh token, which changes with each start. */
export function createSetup(
  { settings, members, moderation }: Store,
  { localClaim: isLocalClaimOn = false, uptime = () => performance.now() }: SetupOptions = {},
): Setup {
  // the holder of the token, like a client of the control socket, is the operator
  const actions = moderation.as('operator')
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  // Other sites can post forms to a page of the local network, but they cannot read the page and so not this key.
  const key = randomBytes(TOKEN_BYTES).toString('base64url')
  const started = uptime()
  /** of two forms posted at the same time, the first wins */
  let claiming = false

  const pending = (): boolean => !settings.get().setUp

  function localClaim(): LocalClaim | null {
    if (!isLocalClaimOn || !pending()) return null
    const ms = Math.max(0, LOCAL_CLAIM_MS - (uptime() - started))
    return { key: ms > 0 ? key : null, ms }
  }

  function knows(given: unknown, isNear = false): boolean {
    if (typeof given !== 'string' || !pending()) return false
    const nearKey = isNear ? (localClaim()?.key ?? null) : null
    return isSameText(given, token) || (nearKey !== null && isSameText(given, nearKey))
  }

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
    const claim = localClaim()
    return {
      ...{ name, description, mode, ebt, set_up: setUp, setup_token: setUp ? null : token },
      local_claim_s: claim && Math.ceil(claim.ms / SECOND),
    }
  }

  return {
    pending,
    knows,
    localClaim,
    info,
    link: (site) => (pending() ? `${site}/setup?token=${token}` : null),
    async claim(given, answers, isNear) {
      if (!pending() || claiming) throw new RelayError('already_set_up')
      if (!knows(given, isNear)) throw new RelayError('token_wrong')
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
