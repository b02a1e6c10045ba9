// The URL that shows a code again to the session it was made for; Delog reads the code out of it.

import type { IncomingMessage } from 'node:http'
import type { Issued } from './contract.js'
import type { WebSession } from './sessions.js'

/** The spelling is the specification's (SPIP-01). */
export const ANSWER_PATH = '/invite/invite-captcha-reponse'

const PARAMETER = /[?&]invite=([^&#]*)/

/**
 * The code as it stands in a URL. Delog cuts the URL at `?`, then at `=`, takes the second part and decodes it
 * with Android's standard alphabet, without undoing percent signs. Hence: `invite` is the only parameter; no
 * padding, which that cut would drop and the decoder does not need; and `+` stays as it is (`%2B` would reach the
 * decoder as `%2B`). Of the two signs that trouble URLs, `/` cannot occur in the base64 of a code, and `+` only for
 * the `~`.
 */
export function encodeCode(code: string): string {
  return Buffer.from(code).toString('base64').replace(/=+$/, '')
}

/** Which code of this session the URL names, if it names one that was made for it. */
export function findCode(req: IncomingMessage, session: WebSession): Issued | undefined {
  const raw = PARAMETER.exec(req.url ?? '')?.[1]
  if (!raw) return undefined
  // read by hand: a form decoder would turn `+` into a space; other clients may send `%2B` or padding
  const wanted = raw
    .replace(/%2B/gi, '+')
    .replace(/%2F/gi, '/')
    .replace(/(=|%3D)+$/i, '')
  return session.issued.find(({ code }) => encodeCode(code) === wanted)
}
