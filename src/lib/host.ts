// Which hosts may stand in an invite code or an address: those that the parsers of SSB clients take.

import { isIP } from 'node:net'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
/** The last label as ssb-ref reads it: what ends in a number would be an address, and is none. */
const LAST_LABEL = /^(?:xn--)?[a-z][a-z0-9]*$/i

/** The longest DNS name, in characters. */
const NAME_CHARS = 253

/**
 * Whether clients can read a code or an address with this host: an IP address without a zone, a DNS name of two labels or
 * more, or `localhost`. ssb-ref takes no others, so a code with `relay` or `a_b.example` would be no invite to an app.
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

/** Two hyphens in a row mark an encoded name, and ssb-ref takes no others. */
function hasNoOtherDashes(label: string): boolean {
  return label.split('--').length === label.toLowerCase().split('xn--').length
}
