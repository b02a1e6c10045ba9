// SPDX-License-Identifier: AGPL-3.0-or-later
// Chooses the language of a page: cookie, then Accept-Language, then English.

import type { Context } from 'koa'
import { DAY, SECOND } from '../../lib/limits.js'
import { cookie, cookieIn } from '../cookies.js'
import { oneValue, readForm } from '../form.js'
import { ownPath } from '../own-path.js'
import type { Step } from '../state.js'
import { isLanguage, LANGUAGES, loadLanguage } from '../words/languages.js'

/** Path of the language switch. */
export const LANGUAGE_PATH = '/language'

const NAME = 'lang'
/** Seconds the choice is kept. */
const REMEMBERED = (400 * DAY) / SECOND

/** Finds the language. It runs before anything can fail, as errors are pages too. */
export function language(): Step {
  return async (ctx, next) => {
    const chosen = cookieIn(ctx, NAME)
    ctx.state.language = await loadLanguage(isLanguage(chosen) ? chosen : preferred(ctx))
    await next()
    if (ctx.response.is('html')) ctx.vary('Accept-Language, Cookie')
  }
}

function preferred(ctx: Pick<Context, 'acceptsLanguages'>): string | false {
  return ctx.acceptsLanguages(LANGUAGES.map(({ tag }) => tag))
}

/** POST /language: stores the choice and redirects back. */
export const chooseLanguage: Step = async (ctx) => {
  const form = await readForm(ctx.req)
  const chosen = oneValue(form, 'to')
  // Lax: the choice also holds for visitors who follow a link from elsewhere
  if (isLanguage(chosen))
    ctx.append('Set-Cookie', cookie(ctx, NAME, chosen, `Max-Age=${REMEMBERED}; SameSite=Lax`))
  ctx.status = 303
  ctx.redirect(ownPath(oneValue(form, 'back')))
  ctx.body = ''
}
