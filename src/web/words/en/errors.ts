// English: errors as pages tell them. The words of the codes are those of the wire; here alone they may be translated.

import { ERRORS, type ErrorCode } from '../../../lib/errors.js'
import { count, html } from '../text.js'

/** What a page says above and below the words of a code. */
export interface Saying {
  title: string
  hint: string
}

const sayings = {
  not_found: { title: 'Nothing in this pool', hint: 'There is no such page here, or not for you.' },
  method_not_allowed: { title: 'Not that way', hint: 'This page cannot be asked in that way.' },
  wrong_host: {
    title: 'Wrong shore',
    hint: 'This server does not go by the name you used. Check the address.',
  },
  proxy_unproven: {
    title: 'The proxy is not set up yet',
    hint: 'The web server in front of this relay has to send the header X-Forwarded-Proto: https. Its operator finds how in docs/operating.md, under "A reverse proxy in front".',
  },
  not_allowed: {
    title: 'Not from there',
    hint: 'Please use the form on our own page. If you did, your role does not reach that far.',
  },
  signed_out: { title: 'Who is there?', hint: 'You are not signed in, or not any more.' },
  sign_in_refused: {
    title: 'Not signed in',
    hint: 'No app of a member said yes in time, or this sign-in was used already. Is your app connected to this relay? Begin anew.',
  },
  link_void: { title: 'A used key', hint: 'This login link was used, or is too old. Ask for another.' },
  form_stale: {
    title: 'An old form',
    hint: 'This browser has signed in anew since the page was made, or keeps no cookies. Open the page again.',
  },
  invite_unknown: {
    title: 'No such invite',
    hint: 'This link leads to no invite, or to one that is long gone. Was it copied whole? Ask whoever gave it to you.',
  },
  bad_feed_id: {
    title: 'Not a feed id',
    hint: 'A feed id is an @, 44 characters and .ed25519: copy it whole from an app, then go back and try again.',
  },
  bad_argument: {
    title: 'Not understood',
    hint: 'Something that was sent is not as it should be. Please go back and look it over.',
  },
  not_following: { title: 'Nobody here', hint: 'This feed is no member, or not any more.' },
  recovering: {
    title: 'Coming round',
    hint: 'This relay was restored from a backup and changes nothing before it knows how far it had come. Please try again in a while.',
  },
  last_admin: { title: 'The last one', hint: 'The room needs an admin: make somebody else one first.' },
  body_too_large: { title: 'Too much', hint: 'That is far more than this form has room for.' },
  body_malformed: { title: 'Not understood', hint: 'Please use the form on our own page.' },
  invites_exhausted: { title: 'Low tide', hint: 'All invites for now have been given out.' },
  quota_reached: { title: 'Slow down', hint: 'Too many have tried this of late.' },
  already_set_up: { title: 'Already done', hint: 'Somebody has just answered these questions.' },
  busy: { title: 'High water', hint: 'Too much is going on here at the moment. Please try again soon.' },
  internal: { title: 'Something broke', hint: 'It is our fault, not yours. Please try again in a while.' },
} satisfies Partial<Record<ErrorCode, Saying>>

export const errors = {
  sayings,
  /** for codes that have no saying of their own */
  other: { title: 'That did not work', hint: 'Please go back and try again.' },
  comeBack: (minutes: number) =>
    html`Please come back in about <strong>${count(minutes, 'minute', 'minutes')}</strong>.`,
  /** for a visitor on our own network, who used a name that is not ours */
  instead: (address: string) =>
    html`It answers at <a href="${address}/">${address}</a>. To use this name too, its operator adds it to <code>web.names</code>.`,
  /** the way out, by where it leads */
  to: {
    '/': 'To the front page',
    '/invite/': 'To the invite page',
    '/login': 'Sign in',
    '/dashboard': 'To the dashboard',
  } as Record<string, string>,
  words: Object.fromEntries(Object.entries(ERRORS).map(([code, { words }]) => [code, words])) as Record<
    ErrorCode,
    string
  >,
}
