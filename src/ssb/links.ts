// Links to the relay's pages, and the SSB URIs by which those pages hand over to an app. Pure.

import type { FeedId } from './feed-id.js'
import { seedOf, tokenOf } from './invite-code.js'

/** What a name's owner has signed, and where (Rooms 2, "Web endpoint"). */
export interface AliasLink {
  alias: string
  userId: FeedId
  signature: string
  roomId: FeedId
  /** multiserver address of the room */
  multiserverAddress: string
}

/**
 * The link of an invite (SSB HTTP invites, "Specification").
 * @param site where the pages are, without a path: `https://relay.example.org`
 */
export function inviteLink(site: string, seed: Buffer): string {
  return `${site}/join?invite=${tokenOf(seed)}`
}

/** The seed of an invite's link, whatever host it names, or of the URI by which a page hands it to an app; else null. */
export function seedOfLink(text: string): Buffer | null {
  const link = text.trim()
  return URL.canParse(link) ? seedOf(new URL(link).searchParams.get('invite')) : null
}

/** Opens an app that claims the invite of a token, by a POST to the URL. */
export function claimUri(token: string, postTo: string): string {
  return uri('claim-http-invite', { invite: token, postTo })
}

/** The page of a name, by its path. */
export function aliasPath(alias: string): string {
  return `/alias/${alias}`
}

/**
 * The URL of a name's page.
 * @param subdomains whether names stand before the host: `https://bob.relay.example.org`
 */
export function aliasLink(site: string, alias: string, subdomains: boolean): string {
  return subdomains ? site.replace('://', `://${alias}.`) : `${site}${aliasPath(alias)}`
}

/** Opens an app that connects with the owner of a name. */
export function aliasUri(link: AliasLink): string {
  return uri('consume-alias', { ...link })
}

function uri(action: string, query: Record<string, string>): string {
  // every sign percent-encoded: a form's `+` would be read as itself by some apps
  const pairs = Object.entries({ action, ...query }).map(
    ([key, text]) => `${key}=${encodeURIComponent(text)}`,
  )
  return `ssb:experimental?${pairs.join('&')}`
}
