// All the forms one thing comes in (an invite, a name, the room): each as text, with the picture that shows it to a phone.

import type { FeedId } from '../ssb/feed-id.js'
import { formatInviteCode, seedOf } from '../ssb/invite-code.js'
import { type AliasLink, aliasUri, claimUri, inviteLink } from '../ssb/links.js'
import { multiserverAddress, openInvite, ssbPortAt } from './address.js'
import type { RelayFace, RelayHostnames } from './contract.js'

/** `code`: a classic invite code; `open`: that of an open room; the others speak for themselves. */
export type FormatKind = 'code' | 'link' | 'claim' | 'address' | 'open' | 'name' | 'connect'

export interface Format {
  kind: FormatKind
  text: string
  /** path of its QR image, if there is one */
  qr: string | null
}

/** Where a page was reached, and whose it is. */
export interface ReachedAt {
  host: string
  origin: string
  face: Pick<RelayFace, 'id'>
  hostnames: Pick<RelayHostnames, 'ssbPort'>
}

/** Where a claim is posted to. */
export const JOIN_PATH = '/join'

/** The forms of an invite whose token the visitor has. @param token one of ours */
export function inviteFormats({ host, origin, face, hostnames }: ReachedAt, token: string): Format[] {
  const seed = seedOf(token)
  if (!seed) throw new Error('not a token')
  const texts = [
    ['link', inviteLink(origin, seed)],
    ['claim', claimUri(token, `${origin}${JOIN_PATH}`)],
    ['code', formatInviteCode({ host, port: ssbPortAt(host, hostnames), relay: face.id, seed })],
    ['address', multiserverAddress(host, face, hostnames)],
  ] as const
  return texts.map(([kind, text]) => ({ kind, text, qr: `${JOIN_PATH}/qr.gif?invite=${token}&of=${kind}` }))
}

/** The forms of the room itself; an open one has an invite for everybody, a restricted one no picture. */
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

/** What tells a newcomer where to connect. */
export function addressFormat(reachedAt: ReachedAt & { face: Pick<RelayFace, 'mode'> }): Format {
  const [address] = roomFormats(reachedAt).filter(({ kind }) => kind === 'address')
  if (!address) throw new Error('a room has an address')
  return address
}

/** What a name's page says to programs and apps. */
export function aliasLinkOf(
  { host, face, hostnames }: ReachedAt,
  alias: string,
  { owner, signature }: { owner: FeedId; signature: string },
): AliasLink {
  const multiserver = multiserverAddress(host, face, hostnames)
  return { alias, userId: owner, signature, roomId: face.id, multiserverAddress: multiserver }
}

/** The forms of a name. @param page the page's own address */
export function aliasFormats(link: AliasLink, page: string, path: string): Format[] {
  const texts = [
    ['name', page],
    ['connect', aliasUri(link)],
    ['address', link.multiserverAddress],
  ] as const
  return texts.map(([kind, text]) => ({ kind, text, qr: `${path}/qr.gif?of=${kind}` }))
}

/** What the picture of one of these forms shows, by the request's `of`; undefined for none of them. */
export function formatText(formats: Format[], of: unknown): string | undefined {
  return formats.find(({ kind }) => kind === of)?.text
}
