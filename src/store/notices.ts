// SPDX-License-Identifier: AGPL-3.0-or-later
// Notices: the room's texts for its members, in Markdown, each under its own name.

import { RelayError } from '../lib/errors.js'
import { NOTICE_TEXT_CHARS, NOTICE_TITLE_CHARS, NOTICES_KEPT } from '../lib/limits.js'
import type { NoticeRecord, Tables } from './layout.js'
import type { Precondition, Writer } from './writer.js'

export interface Notice extends NoticeRecord {
  /** part of its URL */
  name: string
}

export interface Notices {
  get(name: string): Notice | null
  /** All notices, by name. */
  list(): Notice[]
  /** Whether the stored notice has this title and text. */
  says(name: string, title: string, text: string): boolean
  /**
   * Creates or replaces a notice; without change nothing is written. @throws RelayError `bad_argument`,
   * `quota_reached`
   */
  save(notice: Omit<Notice, 'changed'>, before?: Precondition): Promise<void>
  /** @throws RelayError `not_found` */
  remove(name: string, before?: Precondition): Promise<void>
}

/** Part of a URL that people type. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/

/** @param now Unix ms */
export function createNotices({ notices }: Tables, writer: Writer, now: () => number): Notices {
  const key = (name: string): Buffer => Buffer.from(name)
  const list = (): Notice[] =>
    [...notices.getRange({})].map(({ key, value }) => ({ name: key.toString(), ...value }))
  function get(name: string): Notice | null {
    const record = NAME.test(name) ? notices.get(key(name)) : undefined
    return record ? { name, ...record } : null
  }
  function says(name: string, title: string, text: string): boolean {
    const held = get(name)
    return held?.title === title && held.text === text
  }
  return {
    list,
    get,
    says,
    save: ({ name, title, text, by }, before) =>
      writer.submit(() => {
        // author and time stay those of the last change
        if (says(name, title, text)) return
        if (!NAME.test(name))
          throw new RelayError(
            'bad_argument',
            'a notice name has at most 32 lower-case letters, digits and hyphens',
          )
        const length = [...title].length
        if (length < 1 || length > NOTICE_TITLE_CHARS)
          throw new RelayError('bad_argument', `a title has 1 to ${NOTICE_TITLE_CHARS} characters`)
        if ([...text].length > NOTICE_TEXT_CHARS)
          throw new RelayError('bad_argument', `a notice has at most ${NOTICE_TEXT_CHARS} characters`)
        if (!notices.doesExist(key(name)) && list().length >= NOTICES_KEPT)
          throw new RelayError('quota_reached', `a room has at most ${NOTICES_KEPT} notices`, {
            limit: 'notices',
          })
        notices.putSync(key(name), { title, text, changed: now(), by })
      }, before),
    remove: (name, before) =>
      writer.submit(() => {
        if (!NAME.test(name) || !notices.doesExist(key(name))) throw new RelayError('not_found')
        notices.removeSync(key(name))
      }, before),
  }
}
