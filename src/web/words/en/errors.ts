// SPDX-License-Identifier: AGPL-3.0-or-later
// English: error pages. The short text of each code is the same as over SSB.

import { ERRORS, type ErrorCode } from '../../../lib/errors.js'
import { count, html } from '../text.js'

/** What happened (title), and what to do (hint). */
export interface Saying {
  title: string
  hint: string
}

const sayings = {
  not_found: {
    title: 'Page not found',
    hint: 'There is no page at this address, or you cannot see it. Check the address, or sign in.',
  },
  method_not_allowed: {
    title: 'Request not supported',
    hint: 'This address does not take this kind of request. Go back and use the page’s own links and buttons.',
  },
  wrong_host: {
    title: 'Unknown host name',
    hint: 'This server does not answer under the host name in your address bar. Check the address.',
  },
  proxy_unproven: {
    title: 'The proxy is not set up yet',
    hint: 'The web server in front of this relay must send the header X-Forwarded-Proto: https. Settings for nginx, Caddy and Apache are in docs/run-it.md.',
  },
  not_allowed: {
    title: 'Not allowed',
    hint: 'Your role does not allow this, or the form came from another site. Open the page here and try again.',
  },
  signed_out: { title: 'You are not signed in', hint: 'Sign in to see this page.' },
  sign_in_refused: {
    title: 'Sign-in failed',
    hint: 'No app of a member confirmed this sign-in in time. Check that your app is connected to this relay, then start again.',
  },
  link_void: {
    title: 'Link already used or expired',
    hint: 'A login link works once and for a short time. Ask for a new one.',
  },
  form_stale: {
    title: 'Form expired',
    hint: 'You signed in again after this page was opened, or your browser blocks cookies. Open the page again.',
  },
  invite_unknown: {
    title: 'Invite not found',
    hint: 'The link is incomplete, or the invite expired long ago. Copy the whole link, or ask for a new invite.',
  },
  bad_feed_id: {
    title: 'Invalid feed id',
    hint: 'A feed id is an @, 44 characters and .ed25519. Copy it from your app, go back and try again.',
  },
  bad_argument: {
    title: 'Invalid value',
    hint: 'A field of the form has a value that cannot be used. Go back and check what you entered.',
  },
  not_following: {
    title: 'Not a member',
    hint: 'This feed is not, or is no longer, a member of this room. Check the feed id.',
  },
  already_following: {
    title: 'Already a member',
    hint: 'The relay follows this feed already, so there is nothing to do.',
  },
  not_admitted: {
    title: 'Feed is blocked',
    hint: 'This feed is blocked here. A moderator can unblock it in the dashboard.',
  },
  recovering: {
    title: 'Relay is recovering',
    hint: 'The relay was restored from a backup and takes no changes until it knows its newest state. Try again in a few minutes.',
  },
  store_full: {
    title: 'Storage is full',
    hint: 'The relay cannot store more. Tell the people who run it.',
  },
  last_admin: {
    title: 'The room needs an admin',
    hint: 'You are the last admin. Make somebody else an admin first.',
  },
  body_too_large: {
    title: 'Form too large',
    hint: 'The form holds more text than this relay accepts. Go back and shorten it.',
  },
  body_malformed: {
    title: 'Form not readable',
    hint: 'The relay could not read what your browser sent. Go back, reload the page and try again.',
  },
  invites_exhausted: {
    title: 'No invites left for now',
    hint: 'The relay issues a limited number of invites per hour.',
  },
  quota_reached: {
    title: 'Too many requests',
    hint: 'The limit for this action is reached. Please wait before you try again.',
  },
  already_set_up: {
    title: 'Already set up',
    hint: 'This room has a name already. Change it in the dashboard, or with tidepool setup.',
  },
  matrix_off: {
    title: 'The lobby is off',
    hint: 'This relay has no Matrix lobby at the moment. The operator can switch it on.',
  },
  matrix_refused: {
    title: 'Rejected on Matrix',
    hint: 'The other server or the rules of the lobby do not allow this. Check the user name, then try again.',
  },
  matrix_unreachable: {
    title: 'Matrix server not reached',
    hint: 'The other server did not answer. Check the name of the server, or try again later.',
  },
  busy: { title: 'Relay is busy', hint: 'Too many requests at once. Try again in a minute.' },
  internal: {
    title: 'Internal error',
    hint: 'The relay failed to answer; it is not your fault. Try again in a few minutes, and if it fails again, tell the people who run this relay.',
  },
} satisfies Partial<Record<ErrorCode, Saying>>

export const errors = {
  sayings,
  /** for codes without an entry above */
  other: { title: 'That did not work', hint: 'Go back and try again.' },
  comeBack: (minutes: number) =>
    html`Try again in about <strong>${count(minutes, 'minute', 'minutes')}</strong>.`,
  /** for a visitor on the local network who used an unknown hostname */
  instead: (address: string) =>
    html`It answers at <a href="${address}/">${address}</a>. To use this name too, the operator adds it to <code>web.names</code>.`,
  /** the label of the link, by its path */
  to: {
    '/': 'Go to the front page',
    '/invite/': 'Go to the invite page',
    '/login': 'Sign in',
    '/dashboard': 'Go to the dashboard',
  } as Record<string, string>,
  words: Object.fromEntries(Object.entries(ERRORS).map(([code, { words }]) => [code, words])) as Record<
    ErrorCode,
    string
  >,
}
