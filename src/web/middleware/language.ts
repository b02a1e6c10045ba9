// SPDX-License-Identifier: AGPL-3.0-or-later
// Chooses the language of a page: cookie, then Accept-Language, then English.

import { DAY, SECOND } from '../../lib/limits.js'
import { cookie, cookieIn } from '../cookies.js'
import { oneValue, readForm } from '../form.js'
import { ownPath } from '../own-path.js'
import type { Step, WebContext } from '../state.js'
import { isLanguage, LANGUAGES, loadLanguage } from '../words/languages.js'

/** Path of the language switch. */
export const LANGUAGE_PATH = '/language'

const NAME = 'lang'
const TAGS = LANGUAGES.map(({ tag }) => tag)
/** Seconds the choice is kept. */
const REMEMBERED = (400 * DAY) / SECOND

/** Finds the language. It runs before anything can fail, as errors are pages too. */
export function language(): Step {
  return async (ctx, next) => {
    ctx.state.language = await loadLanguage(preferredOf(ctx, TAGS))
    await next()
    if (ctx.response.is('html')) ctx.vary('Accept-Language, Cookie')
  }
}

/** Which of some languages the visitor prefers: the one chosen on a page, else by Accept-Language; false for none. */
export function preferredOf(ctx: WebContext, tags: string[]): string | false {
  const chosen = cookieIn(ctx, NAME)
  const fits = tags.find((tag) => tag === chosen) ?? tags.find((tag) => tag.startsWith(`${chosen}-`))
  if (chosen !== undefined && fits !== undefined) return fits
  return tags.length > 0 && ctx.acceptsLanguages(tags)
}

/** Which of the texts of one thing a visitor sees: the preferred one, else one in the page's language, else the first. */
export function textFor<T extends { language: string }>(ctx: WebContext, texts: readonly [T, ...T[]]): T {
  if (texts.length === 1) return texts[0]
  const tags = texts.flatMap(({ language }) => (language === '' ? [] : [language]))
  const fits = preferredOf(ctx, tags) || ctx.state.language.tag
  return texts.find(({ language }) => language === fits) ?? texts[0]
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
