// SPDX-License-Identifier: AGPL-3.0-or-later
// The texts by which an invite, an alias or the room is shared (link, app link, code, address), each with a QR image.

import type { FeedId } from '../ssb/feed-id.js'
import { formatInviteCode, seedOf } from '../ssb/invite-code.js'
import { type AliasLink, aliasUri, claimUri, inviteLink } from '../ssb/links.js'
import { multiserverAddress, openInvite, ssbPortAt } from './address.js'
import type { RelayFace, RelayHostnames } from './contract.js'

/** `claim` and `connect` are links that open an app; `open` is the code of an open room; `name` is an alias page's URL. */
export type FormatKind = 'code' | 'link' | 'claim' | 'address' | 'open' | 'name' | 'connect'

export interface Format {
  kind: FormatKind
  text: string
  /** path of its QR image, or null */
  qr: string | null
}

/** How the page was reached. */
export interface ReachedAt {
  host: string
  origin: string
  face: Pick<RelayFace, 'id'>
  hostnames: Pick<RelayHostnames, 'ssbPort'>
}

/** Where apps post the claim of an invite. */
export const JOIN_PATH = '/join'

/** The ways to share an invite. @param token a valid invite token */
export function inviteFormats({ host, origin, face, hostnames }: ReachedAt, token: string): Format[] {
  const seed = seedOf(token)
  if (!seed) throw new Error('invalid invite token')
  const texts = [
    ['link', inviteLink(origin, seed)],
    ['claim', claimUri(token, `${origin}${JOIN_PATH}`)],
    ['code', formatInviteCode({ host, port: ssbPortAt(host, hostnames), relay: face.id, seed })],
    ['address', multiserverAddress(host, face, hostnames)],
  ] as const
  return texts.map(([kind, text]) => ({ kind, text, qr: `${JOIN_PATH}/qr.gif?invite=${token}&of=${kind}` }))
}

/** The ways to share the room's address. Only an open room has an open invite; a restricted one has no QR image. */
export function roomFormats({
  host,
  face,
  hostnames,
}: ReachedAt & { face: Pick<RelayFace, 'mode'> }): Format[] {
  const text = multiserverAddress(host, face, hostnames)
  const qr = face.mode === 'restricted' ? null : '/invite/room.gif?of=address'
  const address: Format = { kind: 'address', text, qr }
  if (face.mode !== 'open') return [address]
  return [{ kind: 'open', text: openInvite(text), qr: '/invite/room.gif' }, address]
}

/** The room's address. */
export function addressFormat(reachedAt: ReachedAt & { face: Pick<RelayFace, 'mode'> }): Format {
  const [address] = roomFormats(reachedAt).filter(({ kind }) => kind === 'address')
  if (!address) throw new Error('a room has an address')
  return address
}

/** What an alias page returns to apps. */
export function aliasLinkOf(
  { host, face, hostnames }: ReachedAt,
  alias: string,
  { owner, signature }: { owner: FeedId; signature: string },
): AliasLink {
  const multiserver = multiserverAddress(host, face, hostnames)
  return { alias, userId: owner, signature, roomId: face.id, multiserverAddress: multiserver }
}

/** The ways to share an alias. @param page URL of the alias page @param path its path */
export function aliasFormats(link: AliasLink, page: string, path: string): Format[] {
  const texts = [
    ['name', page],
    ['connect', aliasUri(link)],
    ['address', link.multiserverAddress],
  ] as const
  return texts.map(([kind, text]) => ({ kind, text, qr: `${path}/qr.gif?of=${kind}` }))
}

/** The text to draw for the query parameter `of`; undefined if there is none. */
export function formatText(formats: Format[], of: unknown): string | undefined {
  return formats.find(({ kind }) => kind === of)?.text
}
