// The templates: nunjucks, autoescaped, compiled once at start.

import { fileURLToPath } from 'node:url'
import nunjucks from 'nunjucks'

/** The folder of templates and assets, beside `src` and `dist` alike. */
export const VIEWS = fileURLToPath(new URL('../../views/', import.meta.url))

const TEMPLATES = [
  'landing.njk',
  'setup.njk',
  'error.njk',
  'invite/riddle.njk',
  'invite/code.njk',
  'invite/knock.njk',
  'invite/knocked.njk',
] as const
export type View = (typeof TEMPLATES)[number]

export type Render = (view: View, values: Record<string, unknown>) => string

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
  const templates = new Map(TEMPLATES.map((name) => [name, env.getTemplate(name, true)]))
  return (view, values) => {
    const template = templates.get(view)
    if (!template) throw new Error(`no view ${view}`)
    return template.render(values)
  }
}
