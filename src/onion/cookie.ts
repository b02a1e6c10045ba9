// SAFECOOKIE (control-spec, 3.24): we and a tor prove to each other that we can read the same file.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Controller } from './controller.js'
import { valueIn } from './replies.js'

const SERVER_TO_CONTROLLER = 'Tor safe cookie authentication server-to-controller hash'
const CONTROLLER_TO_SERVER = 'Tor safe cookie authentication controller-to-server hash'

/** Bytes of a cookie, and of a nonce. */
const COOKIE_BYTES = 32

/** Where a tor of the system keeps its cookie: Debian's, then a torrc that says only `CookieAuthentication 1`. */
export const KNOWN_COOKIES: readonly string[] = [
  '/run/tor/control.authcookie',
  '/var/lib/tor/control_auth_cookie',
]

/**
 * Authenticates at a tor. Whoever answers must prove first that it knows the cookie, because it is given the onion
 * key next: so no other method is taken, not even "none", and the file is one that the operator or the system names,
 * never what the answering party says.
 * @param cookies paths, the first that can be read counts
 */
export async function authenticate(controller: Controller, cookies: readonly string[]): Promise<void> {
  const info = await controller.ask((callback) => controller.getProtocolInfo(callback))
  const auth = info.lines.find(({ text }) => text.startsWith('AUTH '))?.text ?? ''
  const methods = (valueIn(auth, 'METHODS') ?? '').split(',')
  if (!methods.includes('SAFECOOKIE'))
    throw new Error('it does not offer SAFECOOKIE: put CookieAuthentication 1 into its torrc')
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
    throw new Error('who answers does not know the cookie: it is not the tor whose cookie we read')
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
  const hint = named && !paths.includes(named) ? `; it says ${JSON.stringify(named)}: set onion.cookie` : ''
  throw new Error(`its cookie cannot be read (${problems.join(' ')})${hint}`)
}

function read(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    if (!fstatSync(fd).isFile()) throw new Error('no file')
    // one more than there may be: a longer file is no cookie
    const bytes = Buffer.alloc(COOKIE_BYTES + 1)
    const length = readSync(fd, bytes, 0, bytes.length, 0)
    if (length !== COOKIE_BYTES) throw new Error('not 32 bytes')
    return bytes.subarray(0, COOKIE_BYTES)
  } finally {
    closeSync(fd)
  }
}
