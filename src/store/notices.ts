// SPDX-License-Identifier: AGPL-3.0-or-later
// Notices: the room's texts for its members, in Markdown, each under its own name and in one or more languages.

import { RelayError } from '../lib/errors.js'
import { languageTag } from '../lib/language-tag.js'
import { NOTICE_LANGUAGES, NOTICE_TEXT_CHARS, NOTICE_TITLE_CHARS, NOTICES_KEPT } from '../lib/limits.js'
import type { NoticeRecord, Tables } from './layout.js'
import type { AfterFlush, Precondition, Writer } from './writer.js'

/** A notice in one language. */
export interface NoticeText extends NoticeRecord {
  /** part of its URL */
  name: string
  /** canonical BCP 47 tag; empty if the first text was saved without one */
  language: string
}

/** What a list shows of a notice: its languages, the first of which is for everybody else. */
export interface Notice {
  name: string
  texts: readonly [NoticeHead, ...NoticeHead[]]
}

export type NoticeHead = Pick<NoticeText, 'language' | 'title' | 'changed'>

export interface NewNotice extends Pick<NoticeText, 'name' | 'title' | 'text'> {
  /** without it, the first text is replaced and keeps its language */
  language?: string | undefined
  /** language of the text that this one replaces; by default its own */
  replaces?: string | undefined
  /** refuses to replace a text */
  isNew?: boolean
}

export interface Notices {
  /** A text of a notice, or null. @param language by default the first one's */
  get(name: string, language?: string): NoticeText | null
  /** All notices, by name. Cached, as each front page reads them: texts are up to 4 MB. */
  list(): readonly Notice[]
  /** Whether saving this would change nothing. @throws RelayError `bad_argument` */
  says(notice: NewNotice): boolean
  /**
   * Adds or replaces a text; the first of a name creates the notice. Without change nothing is written.
   * @throws RelayError `bad_argument`, `quota_reached`
   */
  save(notice: NewNotice & { by: string }, before?: Precondition): Promise<void>
  /** Removes a notice, or its text in one language. @throws RelayError `not_found` */
  remove(name: string, language?: string, before?: Precondition): Promise<void>
}

/** Part of a URL that people type. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/

/** Separates name and tag in a key: neither contains it. */
const SEPARATOR = '\0'

/** @param now Unix ms */
export function createNotices(
  { notices, noticeTexts }: Pick<Tables, 'notices' | 'noticeTexts'>,
  writer: Writer,
  now: () => number,
): Notices {
  const key = (name: string): Buffer => Buffer.from(name)
  const textKey = (name: string, tag: string): Buffer => Buffer.from(`${name}${SEPARATOR}${tag}`)
  let listed: readonly Notice[] | null = null

  /** The texts beside the first, by tag. */
  function others(name: string): NoticeText[] {
    const range = noticeTexts.getRange({ start: textKey(name, ''), end: Buffer.from(`${name}\x01`) })
    return [...range].map(({ key, value }) => ({
      ...value,
      name,
      language: key.toString().slice(name.length + SEPARATOR.length),
    }))
  }
  function first(name: string): NoticeText | null {
    const record = NAME.test(name) ? notices.get(key(name)) : undefined
    return record ? { name, ...record, language: record.language ?? '' } : null
  }
  function get(name: string, language?: string): NoticeText | null {
    const held = first(name)
    if (!held || language === undefined || language === held.language) return held
    const tag = languageTag(language)
    if (tag === held.language) return held
    const record = tag === null ? undefined : noticeTexts.get(textKey(name, tag))
    return record ? { name, ...record, language: tag as string } : null
  }
  const head = ({ language, title, changed }: NoticeText): NoticeHead => ({ language, title, changed })
  function read(): readonly Notice[] {
    const names = [...notices.getKeys({})].map(String)
    return names.map((name) => ({
      name,
      texts: [head(first(name) as NoticeText), ...others(name).map(head)],
    }))
  }

  /** Where a text goes: its language, and the text that it replaces. @throws RelayError `bad_argument` */
  function placeOf({ name, language, replaces, isNew }: NewNotice) {
    const held = first(name)
    const given = language ?? replaces ?? held?.language ?? ''
    const tag = given === '' ? '' : languageTag(given)
    const old = held && get(name, replaces ?? given)
    if (tag === null) throw new RelayError('bad_argument', 'a language is a tag such as de or pt-BR')
    if (tag === '' && held && old?.language !== held.language)
      throw new RelayError('bad_argument', 'only the first text of a notice can be without a language')
    const taken = get(name, tag)
    if (taken && isNew)
      throw new RelayError('bad_argument', `the notice has a text in ${tag || 'no language'} already`)
    if (taken && taken.language !== old?.language)
      throw new RelayError('bad_argument', `the notice has a text in ${tag} already`)
    return { held, old, tag, isFirst: !held || old?.language === held.language }
  }
  function says(notice: NewNotice): boolean {
    const { name, title, text } = notice
    const { held, old, tag } = placeOf(notice)
    const same = held !== null && old?.language === tag && old.title === title && old.text === text
    return same && NAME.test(name)
  }

  function put(record: NoticeText, isFirst: boolean): void {
    const { name, language, title, text, changed, by } = record
    const kept = { title, text, changed, by }
    if (isFirst) notices.putSync(key(name), language === '' ? kept : { ...kept, language })
    else noticeTexts.putSync(textKey(name, language), kept)
  }
  function changedNow(afterFlush: AfterFlush): void {
    afterFlush(() => {
      listed = null
    })
  }

  return {
    get,
    says,
    list() {
      listed ??= read()
      return listed
    },
    save: ({ by, ...notice }, before) =>
      writer.submit((afterFlush) => {
        const { name, title, text } = notice
        check(notice)
        // author and time stay those of the last change
        if (says(notice)) return
        const { held, old, tag, isFirst } = placeOf(notice)
        if (!held && [...notices.getKeys({})].length >= NOTICES_KEPT)
          throw new RelayError('quota_reached', `a room has at most ${NOTICES_KEPT} notices`, {
            limit: 'notices',
          })
        // an older version of the relay does not know them and leaves them behind
        if (!held) for (const { language } of others(name)) noticeTexts.removeSync(textKey(name, language))
        if (old && !isFirst) noticeTexts.removeSync(textKey(name, old.language))
        put({ name, title, text, changed: now(), by, language: tag }, isFirst)
        if (1 + others(name).length > NOTICE_LANGUAGES)
          throw new RelayError('quota_reached', `a notice has at most ${NOTICE_LANGUAGES} languages`, {
            limit: 'notice_languages',
          })
        changedNow(afterFlush)
      }, before),
    remove: (name, language, before) =>
      writer.submit((afterFlush) => {
        const held = first(name)
        const gone = get(name, language)
        if (!held || !gone) throw new RelayError('not_found')
        const rest = others(name)
        const isFirst = gone.language === held.language
        if (!isFirst) noticeTexts.removeSync(textKey(name, gone.language))
        else notices.removeSync(key(name))
        if (language === undefined)
          for (const each of rest) noticeTexts.removeSync(textKey(name, each.language))
        else if (isFirst && rest[0]) {
          // the next text is for everybody now
          noticeTexts.removeSync(textKey(name, rest[0].language))
          put(rest[0], true)
        }
        changedNow(afterFlush)
      }, before),
  }
}

function check({ name, title, text }: NewNotice): void {
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
}
