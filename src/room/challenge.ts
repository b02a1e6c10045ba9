// The server's challenges: made from a ticket that the browser keeps, so that a crowd of sign-ins fills nothing here.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { CHALLENGE_MS, SECOND } from '../lib/limits.js'
import { CHALLENGE_BYTES, isChallenge } from '../ssb/http-auth.js'

export interface ChallengeMint {
  /** A secret for one browser, in base64url; it leads to one challenge, for `CHALLENGE_MS`. */
  ticket(): string
  /** The challenge of a ticket, another in every process; null for one that is too old or no ticket. */
  of(ticket: string): string | null
  /** Unix ms at which a challenge ends; null for what is none, was never made here, or is over. */
  end(challenge: unknown): number | null
}

// A ticket is a secret and its end; a challenge is that end, what one secret alone makes of it, and a mark that we made
// it. A challenge is on show as a QR picture: it leads nowhere back to its ticket.
const SECRET_BYTES = 24
const END_BYTES = 4
const MARK_BYTES = 8
const PROOF_BYTES = CHALLENGE_BYTES - END_BYTES - MARK_BYTES
const TICKET = /^[A-Za-z0-9_-]{38}$/

/** @param now Unix ms */
export function createChallengeMint(now: () => number): ChallengeMint {
  const key = randomBytes(32)
  const hash = (use: string, bytes: Buffer, length: number): Buffer =>
    createHmac('sha256', key).update(use).update(bytes).digest().subarray(0, length)
  /** Whoever writes a ticket of their own may choose its end, but none later than ours. */
  function endIn(bytes: Buffer, at: number): number | null {
    const end = bytes.readUInt32BE(at) * SECOND
    return end > now() && end <= now() + CHALLENGE_MS ? end : null
  }

  return {
    ticket() {
      const bytes = Buffer.concat([randomBytes(SECRET_BYTES), Buffer.alloc(END_BYTES)])
      bytes.writeUInt32BE(Math.floor((now() + CHALLENGE_MS) / SECOND), SECRET_BYTES)
      return bytes.toString('base64url')
    },

    of(ticket) {
      if (!TICKET.test(ticket)) return null
      const bytes = Buffer.from(ticket, 'base64url')
      if (endIn(bytes, SECRET_BYTES) === null) return null
      const seen = Buffer.concat([bytes.subarray(SECRET_BYTES), hash('browser', bytes, PROOF_BYTES)])
      return Buffer.concat([seen, hash('made here', seen, MARK_BYTES)]).toString('base64')
    },

    end(challenge) {
      if (!isChallenge(challenge)) return null
      const bytes = Buffer.from(challenge, 'base64')
      const seen = bytes.subarray(0, -MARK_BYTES)
      if (!timingSafeEqual(hash('made here', seen, MARK_BYTES), bytes.subarray(-MARK_BYTES))) return null
      return endIn(bytes, 0)
    },
  }
}
