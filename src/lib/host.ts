// SPDX-License-Identifier: AGPL-3.0-or-later
// Which hosts an invite code or an address may have: those that the parsers of SSB clients accept.

import { isIP } from 'node:net'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
/** The last label as ssb-ref reads it: a host that ends in a number counts as an IP address. */
const LAST_LABEL = /^(?:xn--)?[a-z][a-z0-9]*$/i

/** The longest DNS name, in characters. */
const NAME_CHARS = 253

/**
 * Whether clients accept this host: an IP address without a zone, a DNS name of at least two labels, or `localhost`.
 * ssb-ref rejects all others, so apps would reject an invite code with `relay` or `a_b.example`.
 */
export function isDialable(host: string): boolean {
  if (isIP(host) !== 0) return !host.includes('%')
  if (host === 'localhost') return true
  const labels = host.split('.')
  return (
    host.length <= NAME_CHARS &&
    labels.length > 1 &&
    labels.every((label) => LABEL.test(label) && hasNoOtherDashes(label)) &&
    LAST_LABEL.test(labels.at(-1) ?? '')
  )
}

/** ssb-ref accepts two hyphens in a row only in an encoded name. */
function hasNoOtherDashes(label: string): boolean {
  return label.split('--').length === label.toLowerCase().split('xn--').length
}
