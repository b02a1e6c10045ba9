// SPDX-License-Identifier: AGPL-3.0-or-later
// Paths of our own that a request may be redirected to.

/** The path and query if they are ours, otherwise `/` (no open redirect). */
export function ownPath(given = '/'): string {
  const base = 'http://own.invalid'
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(given) || !URL.canParse(given, base)) return '/'
  const { origin, pathname, search } = new URL(given, base)
  // `/.//host` becomes `//host` after normalisation
  return origin === base && !pathname.startsWith('//') ? pathname + search : '/'
}

/** Longest path to return to: enough for a page of the audit log. */
const PATH_CHARS = 300
const MEMBER_PAGE = /^\/(?:dashboard\/(?!do\/)|notice\/)./

/** The page to open after sign-in: the wanted one if it is a member's page, otherwise the dashboard. */
export function afterSignIn(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > PATH_CHARS) return '/dashboard'
  const path = ownPath(wanted)
  return MEMBER_PAGE.test(path) ? path : '/dashboard'
}

/** The sign-in page that leads to the wanted page afterwards. */
export function signInPath(wanted: unknown): string {
  const path = afterSignIn(wanted)
  return path === '/dashboard' ? '/login' : `/login?to=${encodeURIComponent(path)}`
}
