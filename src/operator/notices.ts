// SPDX-License-Identifier: AGPL-3.0-or-later
// Operator methods for notices: one text in one language at a time.

import { RelayError } from '../lib/errors.js'
import { asObject, booleanField, textField } from '../peer/arguments.js'
import type { NoticeText } from '../store/notices.js'
import type { Store } from '../store/store.js'

/** A notice in one language. */
export interface NoticeInfo {
  /** part of its URL */
  name: string
  /** BCP 47 tag such as `de`; empty if the text has none */
  language: string
  /** whether visitors of all other languages read this text */
  first: boolean
  title: string
  /** Unix ms */
  changed: number
}

export type NoticeContent = NoticeInfo & Pick<NoticeText, 'text' | 'by'>

export interface NoticeAnswers {
  name: string
  title: string
  /** Markdown */
  text: string
  /** without it, the first text is replaced and keeps its language */
  language?: string
  /** replace the first text, which then has `language` */
  first?: boolean
}

/** Part of the control socket's methods. */
export const NOTICE_METHODS: Record<keyof NoticeMethods, true> = {
  noticeList: true,
  noticeGet: true,
  noticeSet: true,
  noticeRemove: true,
}

/** The methods as a client calls them. */
export interface NoticeMethods {
  /** All texts, without their content; of each notice the first one first. */
  noticeList(): Promise<NoticeInfo[]>
  /** @param language by default the first text's. @throws RelayError `not_found` */
  noticeGet(name: string, language?: string): Promise<NoticeContent>
  /** Adds or replaces a text. @throws RelayError `bad_argument`, `quota_reached` */
  noticeSet(notice: NoticeAnswers): Promise<NoticeInfo[]>
  /** Removes a notice, or its text in one language. @throws RelayError `not_found` */
  noticeRemove(name: string, language?: string): Promise<NoticeInfo[]>
}

type NoticeHandlers = {
  [Name in keyof NoticeMethods]: (params: readonly unknown[]) => ReturnType<NoticeMethods[Name]>
}

/** Creates the methods. */
export function noticeMethods({
  notices,
  moderation,
}: Pick<Store, 'notices' | 'moderation'>): NoticeHandlers {
  const actions = moderation.as('operator')
  const list = (): NoticeInfo[] =>
    notices.list().flatMap(({ name, texts }) => texts.map((text, at) => ({ name, first: at === 0, ...text })))
  /** @throws RelayError `bad_argument` */
  const named = (name: unknown, language: unknown) => {
    const given = { name, language }
    return [textField(given, 'name') ?? '', textField(given, 'language')] as const
  }
  return {
    noticeList: async () => list(),
    async noticeGet([name, language]) {
      const found = notices.get(...named(name, language))
      if (!found) throw new RelayError('not_found')
      const first = notices.get(found.name)?.language === found.language
      const { title, text, changed, by } = found
      return { name: found.name, language: found.language, first, title, text, changed, by }
    },
    async noticeSet([asked]) {
      const given = asObject(asked)
      const name = textField(given, 'name') ?? ''
      const first = booleanField(given, 'first', false) ? notices.get(name) : null
      await actions.saveNotice({
        name,
        title: textField(given, 'title') ?? '',
        text: textField(given, 'text') ?? '',
        language: textField(given, 'language'),
        ...(first ? { replaces: first.language } : {}),
      })
      return list()
    },
    async noticeRemove([name, language]) {
      await actions.removeNotice(...named(name, language))
      return list()
    },
  }
}
