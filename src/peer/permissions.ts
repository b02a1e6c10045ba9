// What each row of the admission table may call: the one place where methods are allowed, and the gate that checks it.

import { RelayError } from '../errors.js'
import { CALLS_PER_CONNECTION } from '../limits.js'
import type { Permissions, Row, Session } from './session.js'

const EVERYONE = ['manifest', 'whoami', 'gossip.ping']

const ALLOWED: Record<Row, ReadonlySet<string>> = {
  guest: new Set([...EVERYONE, 'invite.use']),
  member: new Set([...EVERYONE, 'follow', 'createHistoryStream']),
}

/** The most arguments any method of ours takes is one; what is beyond a few is nonsense and refused. */
const ARGUMENTS = 4

/** What a row may call, as dotted names. */
export function allowedTo(row: Row): ReadonlySet<string> {
  return ALLOWED[row]
}

/**
 * The gate of one connection. muxrpc asks it before every call, with the argument list it will call the method with:
 * here the caller's session becomes the first argument, so that methods know the connection and not just a key,
 * of which a client may have two.
 */
export function permissionsFor(session: Session): Permissions {
  function pre(name: unknown, args: unknown): Error | undefined {
    const path = Array.isArray(name) ? name.join('.') : String(name)
    if (!ALLOWED[session.row].has(path)) return new RelayError('not_allowed', `method:${path.slice(0, 64)}`)
    if (!Array.isArray(args) || args.length > ARGUMENTS) return new RelayError('bad_argument')
    if (session.calls >= CALLS_PER_CONNECTION) return new RelayError('busy')
    args.unshift(session)
    return undefined
  }
  return { allow: [...ALLOWED[session.row]], deny: null, pre, test: pre, post() {} }
}
