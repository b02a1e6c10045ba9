// SPDX-License-Identifier: AGPL-3.0-or-later
// Links to the relay's pages, and SSB URIs that open an app. Pure.

import type { FeedId } from './feed-id.js'
import { seedOf, tokenOf } from './invite-code.js'

/** An alias's registration and the room's address (Rooms 2, "Web endpoint"). */
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
 * @param site origin of the pages: `https://relay.example.org`
 */
export function inviteLink(site: string, seed: Buffer): string {
  return `${site}/join?invite=${tokenOf(seed)}`
}

/** The seed of an invite link with any host, or of a `claim-http-invite` URI; null if there is none. */
export function seedOfLink(text: string): Buffer | null {
  const link = text.trim()
  return URL.canParse(link) ? seedOf(new URL(link).searchParams.get('invite')) : null
}

/** A URI that opens an app, which claims the invite with a POST to the URL. */
export function claimUri(token: string, postTo: string): string {
  return uri('claim-http-invite', { invite: token, postTo })
}

/** The path of an alias's page. */
export function aliasPath(alias: string): string {
  return `/alias/${alias}`
}

/**
 * The URL of an alias's page.
 * @param subdomains use the form `https://bob.relay.example.org`
 */
export function aliasLink(site: string, alias: string, subdomains: boolean): string {
  return subdomains ? site.replace('://', `://${alias}.`) : `${site}${aliasPath(alias)}`
}

/** A URI that opens an app, which connects to the alias's owner. */
export function aliasUri(link: AliasLink): string {
  return uri('consume-alias', { ...link })
}

function uri(action: string, query: Record<string, string>): string {
  // percent-encoded, not form-encoded: some apps read `+` as itself
  const pairs = Object.entries({ action, ...query }).map(
    ([key, text]) => `${key}=${encodeURIComponent(text)}`,
  )
  return `ssb:experimental?${pairs.join('&')}`
}
