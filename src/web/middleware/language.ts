// Which language a page is in: what was chosen on a page (a cookie), else what the browser asks for, else English.

import type { Context } from 'koa'
import { DAY, SECOND } from '../../lib/limits.js'
import { cookie, cookieIn } from '../cookies.js'
import { oneValue, readForm } from '../form.js'
import type { Step } from '../state.js'
import { LANGUAGES, languageOf } from '../words/languages.js'

/** Where the switch at the foot of each page leads. */
export const LANGUAGE_PATH = '/language'

const NAME = 'lang'
/** Seconds a choice is remembered. */
const REMEMBERED = (400 * DAY) / SECOND

/** Finds the caller's language, before anything can fail: refusals are pages too. */
export function language(): Step {
  return async (ctx, next) => {
    ctx.state.language = languageOf(cookieIn(ctx, NAME)) ?? preferred(ctx)
    await next()
    if (ctx.response.is('html')) ctx.vary('Accept-Language, Cookie')
  }
}

function preferred(ctx: Pick<Context, 'acceptsLanguages'>) {
  const tags = LANGUAGES.map(({ tag }) => tag)
  return languageOf(ctx.acceptsLanguages(tags)) ?? LANGUAGES[0]
}

/** POST /language: remembers the choice and leads back to the page it was made on. */
export const chooseLanguage: Step = async (ctx) => {
  const form = await readForm(ctx.req)
  const chosen = languageOf(oneValue(form, 'to'))
  // Lax, unlike the session's: who follows a link to us has chosen all the same
  if (chosen) ctx.append('Set-Cookie', cookie(ctx, NAME, chosen.tag, `Max-Age=${REMEMBERED}; SameSite=Lax`))
  ctx.status = 303
  ctx.redirect(ownPath(oneValue(form, 'back')))
  ctx.body = ''
}

/** A path of ours and nothing else, whatever a form says: nobody is led away from here. */
function ownPath(given = '/'): string {
  const base = 'http://own.invalid'
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(given) || !URL.canParse(given, base)) return '/'
  const { origin, pathname, search } = new URL(given, base)
  // a path may turn into a host once its dots are gone
  return origin === base && !pathname.startsWith('//') ? pathname + search : '/'
}
