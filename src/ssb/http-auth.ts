// SPDX-License-Identifier: AGPL-3.0-or-later
// Sign-in with SSB (SSB HTTP Authentication): challenges and the client's signature over them. Pure.

import ssbKeys, { type Keys } from 'ssb-keys'
import type { FeedId } from './feed-id.js'

/** Bytes of a challenge. */
export const CHALLENGE_BYTES = 32

// 32 bytes in canonical base64
const CHALLENGE = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/
const SOLUTION = /^[A-Za-z0-9+/]{85}[AQgw]==(\.sig\.ed25519)?$/

/** The two challenges and the two parties. */
export interface Challenges {
  server: FeedId
  client: FeedId
  /** the server's challenge, base64 */
  sc: string
  /** the client's challenge, base64 */
  cc: string
}

/** True for a challenge: 256 bits in base64. */
export function isChallenge(value: unknown): value is string {
  return typeof value === 'string' && CHALLENGE.test(value)
}

function signedText({ server, client, sc, cc }: Challenges): string {
  return `=http-auth-sign-in:${server}:${client}:${sc}:${cc}`
}

/** True if `solution` is the client's signature over these challenges. */
export function isSolution(challenges: Challenges, solution: unknown): boolean {
  if (typeof solution !== 'string' || !SOLUTION.test(solution)) return false
  const signature = solution.endsWith('.sig.ed25519') ? solution : `${solution}.sig.ed25519`
  return ssbKeys.verify({ public: challenges.client.slice(1) }, signature, signedText(challenges))
}

/** Signs the challenges, as a client does. */
export function solve(keys: Keys, challenges: Omit<Challenges, 'client'>): string {
  return ssbKeys.sign(keys, signedText({ ...challenges, client: keys.id }))
}
