// SPDX-License-Identifier: AGPL-3.0-or-later
// The grammar of Matrix identifiers: server names, users, rooms, aliases, and globs of server names.

import { isIPv4, isIPv6 } from 'node:net'
import { MATRIX_ID_BYTES } from '../lib/matrix-limits.js'
import { isWellFormed } from './json.js'

/** A server name taken apart. */
export interface ServerName {
  host: string
  port: number | null
  /** 0 for a DNS name, else the version of the IP address */
  ip: 0 | 4 | 6
}

const NAME = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,230}))(?::(\d{1,5}))?$/

/** Takes a server name apart; null for what is none. */
export function parseServerName(text: unknown): ServerName | null {
  if (typeof text !== 'string') return null
  const [whole, v6, name, portText] = NAME.exec(text) ?? []
  if (whole === undefined) return null
  const port = portText === undefined ? null : Number(portText)
  if (port !== null && (port < 1 || port > 65_535)) return null
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port, ip: 6 } : null
  if (name === undefined) return null
  return { host: name, port, ip: isIPv4(name) ? 4 : 0 }
}

export const isServerName = (text: unknown): text is string => parseServerName(text) !== null

/** The part of an id after its first colon; empty where there is none. */
export function domainOf(id: string): string {
  const at = id.indexOf(':')
  return at < 0 ? '' : id.slice(at + 1)
}

const fits = (text: unknown): text is string =>
  typeof text === 'string' && Buffer.byteLength(text) <= MATRIX_ID_BYTES && isWellFormed(text)

/** `@local:server`; the local part of others may hold what older servers let in, but no spaces or control characters. */
export function isUserId(text: unknown): text is string {
  return fits(text) && /^@[\x21-\x39\x3b-\x7e]*:/.test(text) && isServerName(domainOf(text))
}

/** `!opaque:server`, or `!hash` as of room version 12. */
export function isRoomId(text: unknown): text is string {
  if (!fits(text)) return false
  return (
    /^![A-Za-z0-9_-]{43}$/.test(text) ||
    (/^![\x21-\x39\x3b-\x7e]+:/.test(text) && isServerName(domainOf(text)))
  )
}

/** `#local:server`. */
export function isRoomAlias(text: unknown): text is string {
  return fits(text) && /^#[^:\0\s]+:/u.test(text) && isServerName(domainOf(text))
}

/** `$` and the unpadded URL-safe base64 of 32 bytes. */
export function isEventId(text: unknown): text is string {
  return typeof text === 'string' && /^\$[A-Za-z0-9_-]{43}$/.test(text)
}

/** Whether a server name, without its port, matches a glob of `*` and `?`, as in `m.room.server_acl`. */
export function matchesGlob(glob: string, name: string): boolean {
  // By hand, not by a regular expression: a glob of many stars would take that exponential time.
  const [pattern, text] = [glob.toLowerCase(), name.toLowerCase()]
  let [p, t, star, mark] = [0, 0, -1, 0]
  while (t < text.length) {
    if (p < pattern.length && (pattern[p] === '?' || (pattern[p] === text[t] && pattern[p] !== '*'))) {
      p += 1
      t += 1
    } else if (pattern[p] === '*') {
      star = p
      mark = t
      p += 1
    } else if (star >= 0) {
      p = star + 1
      mark += 1
      t = mark
    } else return false
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}

/** Whether a room's `m.room.server_acl` keeps a server out. */
export function isDenied(acl: unknown, server: string): boolean {
  if (typeof acl !== 'object' || acl === null) return false
  const { allow, deny, allow_ip_literals: literals } = acl as Record<string, unknown>
  const parsed = parseServerName(server)
  if (!parsed) return true
  if (literals === false && parsed.ip !== 0) return true
  const globs = (list: unknown): string[] =>
    Array.isArray(list) ? list.filter((each): each is string => typeof each === 'string') : []
  if (globs(deny).some((glob) => matchesGlob(glob, parsed.host))) return true
  return !globs(allow).some((glob) => matchesGlob(glob, parsed.host))
}
