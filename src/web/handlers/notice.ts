// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /notice/:name: a notice, in the language that fits the visitor.

import { RelayError } from '../../lib/errors.js'
import { languageName } from '../../lib/language-tag.js'
import type { Notice, NoticeHead } from '../../store/notices.js'
import type { WebComponents, WebRoom } from '../contract.js'
import { markdown } from '../markdown.js'
import { textFor } from '../middleware/language.js'
import type { Step, WebContext } from '../state.js'
import type { Render } from '../views.js'

/** A notice in a list, with the title that fits the visitor. */
export function noticeFor(
  ctx: WebContext,
  { name, texts }: Notice,
): Omit<NoticeHead, 'changed'> & { name: string } {
  const { language, title } = textFor(ctx, texts)
  return { name, language, title }
}

/** Creates the handler. The page is public, but for members only in restricted mode. */
export function createNoticePage({
  store,
  face,
  render,
}: Pick<WebRoom, 'store'> & Pick<WebComponents, 'face'> & { render: Render }): Step {
  return (ctx) => {
    const { name } = ctx.params
    const { language: asked } = ctx.query
    const hidden = store.settings.get().mode === 'restricted' && !ctx.state.member
    const notice = hidden ? undefined : store.notices.list().find((each) => each.name === name)
    if (!notice) throw new RelayError('not_found')
    const named = notice.texts.find(({ language }) => language === asked)
    const { language } = named ?? textFor(ctx, notice.texts)
    const found = store.notices.get(notice.name, language)
    if (!found) throw new RelayError('not_found')
    ctx.type = 'html'
    ctx.body = render(ctx, 'dashboard/read.njk', {
      ...{ title: found.title, text: markdown(found.text), spoken: language },
      others: notice.texts.filter((each) => each.language !== '' && each.language !== language).map(linkOf),
      path: `/notice/${notice.name}`,
      room: face().name,
      // members go back to the dashboard
      home: ctx.state.member ? '/dashboard' : '/',
    })
  }
}

const linkOf = ({ language }: NoticeHead): { tag: string; name: string } => ({
  tag: language,
  name: languageName(language),
})
