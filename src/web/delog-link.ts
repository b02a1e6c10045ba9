// SPDX-License-Identifier: AGPL-3.0-or-later
// The URL from which the Delog app reads an invite code.

import type { IncomingMessage } from 'node:http'
import type { Issued } from './contract.js'
import type { WebSession } from './sessions.js'

/** SPIP-01 spells it so. */
export const ANSWER_PATH = '/invite/invite-captcha-reponse'

const PARAMETER = /[?&]invite=([^&#]*)/

/**
 * Encodes a code for the URL. Delog splits the URL at `?` and `=`, takes the second part and decodes it as standard
 * base64, without percent-decoding. So `invite` is the only parameter, padding is dropped, and `+` stays as it is.
 * `/` cannot occur in the base64 of a code.
 */
export function encodeCode(code: string): string {
  return Buffer.from(code).toString('base64').replace(/=+$/, '')
}

/** The code in the URL, if it was issued to this session. */
export function findCode(req: IncomingMessage, session: WebSession): Issued | undefined {
  const raw = PARAMETER.exec(req.url ?? '')?.[1]
  if (!raw) return undefined
  // parsed by hand: a form decoder turns `+` into a space; other clients may send `%2B` or padding
  const wanted = raw
    .replace(/%2B/gi, '+')
    .replace(/%2F/gi, '/')
    .replace(/(=|%3D)+$/i, '')
  return session.issued.find(({ code }) => encodeCode(code) === wanted)
}
