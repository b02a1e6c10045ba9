// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /robots.txt: which pages search engines may list.

import type { WebComponents } from '../contract.js'
import type { Step } from '../state.js'

/** Pages that are of use to one person only, or cost the relay an image or an invite. */
const PRIVATE = ['/alias/', '/dashboard', '/invite', '/join', '/login', '/logout', '/setup']

/** Allows the front page and notices; nothing in restricted mode. */
export function serveRobots({ face }: Pick<WebComponents, 'face'>): Step {
  return (ctx) => {
    const paths = face().mode === 'restricted' ? ['/'] : PRIVATE
    ctx.type = 'text/plain'
    ctx.body = ['User-agent: *', ...paths.map((path) => `Disallow: ${path}`), ''].join('\n')
  }
}
