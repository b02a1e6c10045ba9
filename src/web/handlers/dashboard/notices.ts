// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard's pages for notices: the list, and the form of one text in one language.

import { LANGUAGE_TAG_CHARS, languageName } from '../../../lib/language-tag.js'
import { NOTICE_TEXT_CHARS, NOTICE_TITLE_CHARS } from '../../../lib/limits.js'
import type { Step, WebContext } from '../../state.js'
import { createDashboardPages, type DashboardParts } from './page.js'
import type { Refused } from './room-pages.js'

/** Creates the handlers. `edit` can show a rejected form again. */
export function createNoticePages(parts: DashboardParts) {
  const { store } = parts
  const { show, requirePermission } = createDashboardPages(parts)

  const list: Step = (ctx) => {
    requirePermission(ctx, 'notice.save')
    show(ctx, 'dashboard/notices.njk', 'notices', {
      notices: store.notices.list().map(({ name, texts }) => ({
        ...{ name, path: `/notice/${name}` },
        texts: texts.map((text) => ({ ...text, spoken: text.language && languageName(text.language) })),
      })),
    })
  }

  /** The form of a text: `?name=` the first, `&language=` another, `&add` one in a further language. */
  function edit(ctx: WebContext, refused: Refused | null): void {
    requirePermission(ctx, 'notice.save')
    const { name = '', language, add } = ctx.query
    const asked = refused?.given ?? {}
    const held = store.notices.get(asked.name ?? String(name))
    const text = add === undefined && held ? store.notices.get(held.name, textIn(language)) : null
    const stored = text ? { ...text, replaces: text.language } : null
    show(ctx, 'dashboard/notice.njk', 'notices', {
      given: refused
        ? { name: '', title: '', text: '', language: '', ...asked }
        : {
            ...{ title: '', text: '', name: held?.name ?? '' },
            // a further text is in a language that the notice does not have
            ...{ language: held ? '' : ctx.state.language.tag, ...stored },
          },
      most: { title: NOTICE_TITLE_CHARS, text: NOTICE_TEXT_CHARS, language: LANGUAGE_TAG_CHARS },
      fixed: held !== null,
      wrong: refused?.code ?? null,
    })
  }

  return { list, edit }
}

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
