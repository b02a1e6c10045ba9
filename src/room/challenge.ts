// SPDX-License-Identifier: AGPL-3.0-or-later
// The server's sign-in challenges, derived from a ticket that the browser stores: pending sign-ins use no server memory.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { CHALLENGE_MS, SECOND } from '../lib/limits.js'
import { CHALLENGE_BYTES, isChallenge } from '../ssb/http-auth.js'

export interface ChallengeMint {
  /** Creates a secret for one browser, in base64url. It gives one challenge, valid for `CHALLENGE_MS`. */
  ticket(): string
  /** The challenge of a ticket; null if the ticket is expired or malformed. Each process has its own challenges. */
  of(ticket: string): string | null
  /** Unix ms at which a challenge expires; null if it is malformed, of another process, or expired. */
  end(challenge: unknown): number | null
}

// A ticket is a secret and its expiry. A challenge is the expiry, a hash of the ticket, and a MAC over both. Challenges
// are public (shown as a QR code) and do not reveal their ticket.
const SECRET_BYTES = 24
const EXPIRY_BYTES = 4
const MAC_BYTES = 8
const HASH_BYTES = CHALLENGE_BYTES - EXPIRY_BYTES - MAC_BYTES
const TICKET = /^[A-Za-z0-9_-]{38}$/

/** @param now Unix ms */
export function createChallengeMint(now: () => number): ChallengeMint {
  const key = randomBytes(32)
  const hash = (use: string, bytes: Buffer, length: number): Buffer =>
    createHmac('sha256', key).update(use).update(bytes).digest().subarray(0, length)
  /** Reads an expiry. A forged ticket can have any, so that it must not be later than ours. */
  function readExpiry(bytes: Buffer, at: number): number | null {
    const expiry = bytes.readUInt32BE(at) * SECOND
    return expiry > now() && expiry <= now() + CHALLENGE_MS ? expiry : null
  }

  return {
    ticket() {
      const bytes = Buffer.concat([randomBytes(SECRET_BYTES), Buffer.alloc(EXPIRY_BYTES)])
      bytes.writeUInt32BE(Math.floor((now() + CHALLENGE_MS) / SECOND), SECRET_BYTES)
      return bytes.toString('base64url')
    },

    of(ticket) {
      if (!TICKET.test(ticket)) return null
      const bytes = Buffer.from(ticket, 'base64url')
      if (readExpiry(bytes, SECRET_BYTES) === null) return null
      const signed = Buffer.concat([bytes.subarray(SECRET_BYTES), hash('browser', bytes, HASH_BYTES)])
      return Buffer.concat([signed, hash('made here', signed, MAC_BYTES)]).toString('base64')
    },

    end(challenge) {
      if (!isChallenge(challenge)) return null
      const bytes = Buffer.from(challenge, 'base64')
      const signed = bytes.subarray(0, -MAC_BYTES)
      if (!timingSafeEqual(hash('made here', signed, MAC_BYTES), bytes.subarray(-MAC_BYTES))) return null
      return readExpiry(bytes, 0)
    },
  }
}
