// English: errors as pages tell them. The words of the codes are those of the wire; here alone they may be translated.

import { ERRORS, type ErrorCode } from '../../../errors.js'
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
  not_allowed: { title: 'Not from there', hint: 'Please use the form on our own page.' },
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
  toFront: 'To the front page',
  toInvite: 'To the invite page',
  words: Object.fromEntries(Object.entries(ERRORS).map(([code, { words }]) => [code, words])) as Record<
    ErrorCode,
    string
  >,
}
