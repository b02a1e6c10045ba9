// SPDX-License-Identifier: AGPL-3.0-or-later
// /alias/:alias: the page of an alias (Rooms 2, "Web endpoint").

import { RelayError } from '../../lib/errors.js'
import { isAlias, normalAlias } from '../../ssb/alias.js'
import { type AliasLink, aliasPath } from '../../ssb/links.js'
import type { AliasOwner, WebComponents } from '../contract.js'
import { createPictures } from '../pictures.js'
import { roomNameOf } from '../room-name.js'
import { aliasFormats, aliasLinkOf, type Format, formatText } from '../share-formats.js'
import type { Step, WebContext } from '../state.js'
import type { Render } from '../views.js'

export interface AliasParts extends Pick<WebComponents, 'findAlias' | 'face' | 'hostnames'> {
  render: Render
  now: () => number
}

/** Creates the handlers of alias pages. */
export function createAliasPages({ findAlias, face, hostnames, render, now }: AliasParts) {
  const picture = createPictures(now)

  /** @throws RelayError `not_found`, the same for an invalid alias and an unregistered one */
  function find(ctx: WebContext, given: string): { owner: AliasOwner; link: AliasLink; formats: Format[] } {
    const alias = normalAlias(given)
    const owner = isAlias(alias) ? findAlias(alias) : null
    if (!owner) throw new RelayError('not_found')
    const { host, origin } = ctx.state
    const link = aliasLinkOf({ host, origin, face: face(), hostnames: hostnames() }, alias, owner)
    const path = aliasPath(alias)
    const page = ctx.state.alias === null ? `${origin}${path}` : origin
    return { owner, link, formats: aliasFormats(link, page, path) }
  }

  const show: Step = (ctx) => {
    const { owner, link, formats } = find(ctx, givenIn(ctx))
    if (ctx.state.isJsonClient) {
      ctx.body = { status: 'successful', ...link }
      return
    }
    const current = face()
    ctx.type = 'html'
    ctx.body = render(ctx, 'alias.njk', {
      ...{ alias: link.alias, owner: owner.owner, online: owner.online, formats },
      ...{
        roomName: roomNameOf(current),
        open: current.mode === 'open',
        home: ctx.state.alias === null ? '/' : null,
      },
    })
  }

  const qr: Step = async (ctx) => {
    const { formats } = find(ctx, givenIn(ctx))
    const text = formatText(formats, ctx.query.of)
    if (text === undefined) throw new RelayError('not_found')
    await picture(ctx, text)
  }

  return { show, qr }
}

function givenIn(ctx: WebContext): string {
  const { alias } = (ctx as WebContext & { params: Record<string, string> }).params
  return alias ?? ''
}
