// SPDX-License-Identifier: AGPL-3.0-or-later
// SAFECOOKIE authentication (control-spec, 3.24): the relay and tor prove to each other that they can read one file.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Controller } from './controller.js'
import { valueIn } from './replies.js'

const SERVER_TO_CONTROLLER = 'Tor safe cookie authentication server-to-controller hash'
const CONTROLLER_TO_SERVER = 'Tor safe cookie authentication controller-to-server hash'

/** Bytes of a cookie and of a nonce. */
const COOKIE_BYTES = 32

/** Cookie files of a system tor: Debian's, then tor's default. */
export const KNOWN_COOKIES: readonly string[] = [
  '/run/tor/control.authcookie',
  '/var/lib/tor/control_auth_cookie',
]

/**
 * Authenticates at a tor. It must prove first that it knows the cookie, because it gets the onion key next. So no other
 * method is accepted, not even "none", and the path of the cookie comes from the operator or the system, never from tor.
 * @param cookies paths; the first readable one is used
 */
export async function authenticate(controller: Controller, cookies: readonly string[]): Promise<void> {
  const info = await controller.ask((callback) => controller.getProtocolInfo(callback))
  const auth = info.lines.find(({ text }) => text.startsWith('AUTH '))?.text ?? ''
  const methods = (valueIn(auth, 'METHODS') ?? '').split(',')
  if (!methods.includes('SAFECOOKIE'))
    throw new Error('tor does not offer SAFECOOKIE: add CookieAuthentication 1 to its torrc')
  const cookie = readCookie(cookies, valueIn(auth, 'COOKIEFILE'))
  const ours = randomBytes(COOKIE_BYTES)
  const challenge = await controller.ask((callback) =>
    controller.getAuthChallenge(ours.toString('hex'), callback),
  )
  const text = challenge.lines[0]?.text ?? ''
  const theirs = Buffer.from(valueIn(text, 'SERVERNONCE') ?? '', 'hex')
  const proof = Buffer.from(valueIn(text, 'SERVERHASH') ?? '', 'hex')
  const hash = (key: string): Buffer =>
    createHmac('sha256', key)
      .update(Buffer.concat([cookie, ours, theirs]))
      .digest()
  const expected = hash(SERVER_TO_CONTROLLER)
  if (theirs.length !== COOKIE_BYTES || proof.length !== expected.length || !timingSafeEqual(proof, expected))
    throw new Error(
      'the program at the control port does not know the cookie: it is not the tor that wrote it',
    )
  const token = hash(CONTROLLER_TO_SERVER).toString('hex')
  await controller.ask((callback) => controller.authenticate(token, callback))
}

function readCookie(paths: readonly string[], named: string | null): Buffer {
  const problems: string[] = []
  for (const path of paths) {
    try {
      return read(path)
    } catch (err) {
      problems.push((err as NodeJS.ErrnoException).code ?? (err as Error).message, path)
    }
  }
  const hint = named && !paths.includes(named) ? `; tor names ${JSON.stringify(named)}: set onion.cookie` : ''
  throw new Error(`the cookie of tor cannot be read (${problems.join(' ')})${hint}`)
}

function read(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    if (!fstatSync(fd).isFile()) throw new Error('not a file')
    // one byte more, to detect a longer file
    const bytes = Buffer.alloc(COOKIE_BYTES + 1)
    const length = readSync(fd, bytes, 0, bytes.length, 0)
    if (length !== COOKIE_BYTES) throw new Error('not 32 bytes')
    return bytes.subarray(0, COOKIE_BYTES)
  } finally {
    closeSync(fd)
  }
}
