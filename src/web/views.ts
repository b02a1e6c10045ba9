// The templates: nunjucks, autoescaped, read at start and each compiled when it is first shown.

import { fileURLToPath } from 'node:url'
import nunjucks from 'nunjucks'
import { LANGUAGES, type Language } from './words/languages.js'

/** The folder of templates and assets, beside `src` and `dist` alike. */
export const VIEWS = fileURLToPath(new URL('../../views/', import.meta.url))

/** The pages in front of the sign-in, and those behind it. */
const TEMPLATES = [
  'landing.njk',
  'setup.njk',
  'error.njk',
  'invite/captcha.njk',
  'invite/code.njk',
  'invite/knock.njk',
  'invite/knocked.njk',
  'join/join.njk',
  'join/ended.njk',
  'join/joined.njk',
  'alias.njk',
  ...(['login', 'done', 'link', 'logout'] as const).map((name) => `sign-in/${name}.njk` as const),
  ...(
    [
      ...([
        'overview',
        'members',
        'member',
        'knocks',
        'blocked',
        'aliases',
        'me',
        'invites',
        'lobby',
      ] as const),
      ...(['invited', 'link', 'notices', 'notice', 'room', 'log', 'confirm', 'read'] as const),
    ] as const
  ).map((name) => `dashboard/${name}.njk` as const),
] as const
export type View = (typeof TEMPLATES)[number]

/**
 * A page in the language of the caller.
 * @param values what the template names; `back` is where the language switch leads back to: the page's own address
 * unless said otherwise, null for a page without a switch. Pages that answer a form have none unless they name one.
 */
export type Render = (ctx: Asked, view: View, values: Record<string, unknown>) => string
type Asked = { method: string; originalUrl: string; state: { language: Language } }

/**
 * Reads all templates and answers the function that renders them.
 * @param assetUrl where an asset is served
 */
export function createViews(assetUrl: (name: string) => string): Render {
  const loader = new nunjucks.FileSystemLoader(VIEWS, { watch: false, noCache: false })
  const env = new nunjucks.Environment(loader, {
    autoescape: true,
    // a misspelt value is a bug to hear about, not a hole in a page
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
  })
  env.addGlobal('asset', assetUrl)
  env.addGlobal('languages', LANGUAGES)
  // not compiled yet: a board has better uses for the 3 MB that pages take which nobody opens; tests open all of them
  const templates = new Map(TEMPLATES.map((name) => [name, env.getTemplate(name, false)]))
  return ({ method, originalUrl, state: { language } }, view, values) => {
    const template = templates.get(view)
    if (!template) throw new Error(`no view ${view}`)
    const back = method === 'GET' || method === 'HEAD' ? originalUrl : null
    return template.render({ back, ...values, language, w: language.words })
  }
}
