// SPDX-License-Identifier: AGPL-3.0-or-later
// Every route of the web is in the table of docs/protocol.md.

import t from 'tap'
import { sources, text } from './files.js'

const web = sources('src/web')

/** Paths that routes name by a constant. */
const constants = new Map(
  [...web.values()].flatMap((source) =>
    [...source.matchAll(/^export const ([A-Z_]*PATH) = '([^']+)'/gm)].map(
      ([, name = '', path = '']) => [name, path] as const,
    ),
  ),
)

/** One form for parameters: `:alias` and `NAME` are both `*`. */
const plain = (path: string): string =>
  path
    .replace(/[?].*$/, '')
    .replace(/:\w+|\b[A-Z]{3,}\b/g, '*')
    .replace(/(.)\/$/, '$1')

function routesIn(path: string): string[] {
  const source = web.get(path) ?? ''
  return [...source.matchAll(/\brouter\.(get|post)\((?:'([^']+)'|([A-Z_]+))/g)].map(
    ([, method = '', literal, constant = '']) =>
      `${method.toUpperCase()} ${plain(literal ?? constants.get(constant) ?? constant)}`,
  )
}

t.test('every route of the site is documented', async (t) => {
  const documented = text('docs/protocol.md')
  const rows = documented.split('\n').filter((line) => /^\| `(GET|POST) /.test(line))
  const told = new Set(
    rows.flatMap((row) => {
      const routes = [...row.matchAll(/`(GET|POST) ([^`]+)`/g)].map(
        ([, method, path = '']) => [method, path] as const,
      )
      // the dashboard's pages are in one row
      const below = routes.some(([, path]) => path === '/dashboard/…')
        ? [...row.matchAll(/`([a-z/:]+)`/g)].map(([, name]) => ['GET', `/dashboard/${name}`] as const)
        : []
      return [...routes, ...below].map(([method, path]) => `${method} ${plain(path)}`)
    }),
  )
  if (/also `\/invite`/.test(documented)) told.add('GET /invite')
  told.add('GET /assets/*')
  const real = [...routesIn('src/web/routes.ts'), ...routesIn('src/web/member-routes.ts')]
  t.ok(real.length > 40, 'the routes were found')
  for (const route of real) t.ok(told.has(route), `${route} has a row in docs/protocol.md, "HTTP routes"`)
})
