// SPDX-License-Identifier: AGPL-3.0-or-later
// Renders nunjucks templates with autoescaping. Each is compiled when it is first used.

import { fileURLToPath } from 'node:url'
import nunjucks from 'nunjucks'
import { PACKAGE_ROOT } from '../lib/package-root.js'
import { LANGUAGES, type Language } from './words/languages.js'

/** Directory of templates and assets. */
export const VIEWS = fileURLToPath(new URL('views/', PACKAGE_ROOT))

const TEMPLATES = [
  'landing.njk',
  'local.njk',
  'setup.njk',
  'ready.njk',
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
      ...(['invited', 'link', 'notices', 'notice', 'room', 'health', 'log', 'confirm', 'read'] as const),
    ] as const
  ).map((name) => `dashboard/${name}.njk` as const),
] as const
export type View = (typeof TEMPLATES)[number]

/**
 * Renders a page in the language of the request.
 * @param values variables of the template. `back` is where the language switch returns to: by default the page's own
 * URL for GET and no switch for POST; null for no switch.
 */
export type Render = (ctx: Asked, view: View, values: Record<string, unknown>) => string
type Asked = { method: string; originalUrl: string; state: { language: Language; signInPath?: string } }

/**
 * Loads all templates and returns the render function.
 * @param assetUrl URL of an asset by name
 */
export function createViews(assetUrl: (name: string) => string): Render {
  const loader = new nunjucks.FileSystemLoader(VIEWS, { watch: false, noCache: false })
  const env = new nunjucks.Environment(loader, {
    autoescape: true,
    // a misspelt variable is an error, not an empty string
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
  })
  env.addGlobal('asset', assetUrl)
  env.addGlobal('languages', LANGUAGES)
  // compiled lazily: saves 3 MB for pages that are never opened
  const templates = new Map(TEMPLATES.map((name) => [name, env.getTemplate(name, false)]))
  return ({ method, originalUrl, state: { language, signInPath = null } }, view, values) => {
    const template = templates.get(view)
    if (!template) throw new Error(`no view ${view}`)
    const back = method === 'GET' || method === 'HEAD' ? originalUrl : null
    return template.render({ back, signInPath, ...values, language, w: language.words })
  }
}
