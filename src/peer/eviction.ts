// When all places are taken: who makes room for the next caller.

import { isFollowed, type Session } from './session.js'
import type { Link } from './wire/link.js'

/**
 * The link to end: first strangers' and guests', then those still in the handshake (who may be members, and are few, as
 * handshakes have a limit of their own), members' last; of each kind the one that has said nothing for longest. So
 * neither a crowd of fresh keys nor of idlers locks members out.
 * @param links    every open link; not empty
 * @param sessions those of admitted callers
 */
export function chooseEviction(links: Iterable<Link>, sessions: Iterable<Session>): Link | undefined {
  const ranks = new Map<Link, number>()
  for (const { link, row } of sessions) ranks.set(link, isFollowed(row) ? 2 : 0)
  const rank = (link: Link): number => ranks.get(link) ?? 1
  let found: Link | undefined
  for (const link of links) {
    const sooner = found ? rank(link) - rank(found) || link.lastHeard - found.lastHeard : -1
    if (sooner < 0) found = link
  }
  return found
}
