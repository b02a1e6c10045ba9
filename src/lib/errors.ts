// SPDX-License-Identifier: AGPL-3.0-or-later
// Every error that a client can see: one table of stable codes, messages and HTTP statuses, and the error class.

/**
 * Codes are contracts: clients and scripts compare them, so they do not change. The words can be improved, except those
 * that clients compare: `invite unknown`, `invite used up`, `invite expired`, `already following` and `could not connect`.
 * `docs/protocol.md` lists both, and a test keeps the two equal.
 */
export const ERRORS = {
  // invites (the words are compared by ssb-invite and its kin)
  invite_unknown: { words: 'invite unknown', status: 404 },
  invite_used_up: { words: 'invite used up', status: 410 },
  invite_expired: { words: 'invite expired', status: 410 },
  already_following: { words: 'already following', status: 409 },
  invite_malformed: { words: 'invite malformed', status: 400 },
  // admission
  not_admitted: { words: 'not admitted', status: 403 },
  not_allowed: { words: 'not allowed', status: 403 },
  no_such_method: { words: 'no such method', status: 404 },
  busy: { words: 'too busy, try again later', status: 503 },
  clock_unset: { words: 'the clock is not set yet', status: 503 },
  // arguments
  bad_argument: { words: 'bad argument', status: 400 },
  bad_feed_id: { words: 'not a feed id', status: 400 },
  // messages
  message_invalid: { words: 'message invalid', status: 400 },
  message_too_large: { words: 'message too large', status: 413 },
  message_unwanted: { words: 'message of a feed not asked for', status: 403 },
  feed_forked: { words: 'feed forked', status: 409 },
  feed_full: { words: 'feed full', status: 507 },
  store_full: { words: 'store full', status: 507 },
  // membership
  not_following: { words: 'not following', status: 404 },
  quota_reached: { words: 'quota reached', status: 429 },
  alias_taken: { words: 'alias taken', status: 409 },
  alias_invalid: { words: 'alias invalid', status: 400 },
  signature_invalid: { words: 'signature invalid', status: 400 },
  // the room
  not_attending: { words: 'could not connect', status: 404 },
  tunnel_ended: { words: 'tunnel ended', status: 410 },
  // set-up
  token_wrong: { words: 'wrong token', status: 403 },
  already_set_up: { words: 'already set up', status: 409 },
  // sign-in and the dashboard
  signed_out: { words: 'not signed in', status: 401 },
  sign_in_refused: { words: 'sign-in refused', status: 403 },
  link_void: { words: 'login link void', status: 410 },
  form_stale: { words: 'form out of date', status: 403 },
  last_admin: { words: 'cannot remove the last admin', status: 409 },
  // web
  captcha_wrong: { words: 'wrong answer', status: 403 },
  captcha_missing: { words: 'captcha expired or already used', status: 403 },
  invites_exhausted: { words: 'no invites left for now', status: 429 },
  not_found: { words: 'not found', status: 404 },
  method_not_allowed: { words: 'method not allowed', status: 405 },
  wrong_host: { words: 'not a name of this relay', status: 421 },
  proxy_unproven: { words: 'the reverse proxy does not prove https', status: 421 },
  body_too_large: { words: 'body too large', status: 413 },
  body_malformed: { words: 'body malformed', status: 400 },
  // the lobby on Matrix
  matrix_off: { words: 'the lobby is off', status: 404 },
  matrix_refused: { words: 'refused by the other server or the rules of the room', status: 403 },
  matrix_unreachable: { words: 'homeserver not reached', status: 502 },
  // the operator's side
  peer_unreachable: { words: 'relay not reached', status: 502 },
  config_invalid: { words: 'configuration invalid', status: 400 },
  data_unusable: { words: 'data directory unusable', status: 500 },
  backup_unusable: { words: 'backup unusable', status: 400 },
  recovering: { words: 'recovering after a restore, cannot publish yet', status: 503 },
  machine_unsupported: { words: 'machine unsupported', status: 500 },
  relay_running: { words: 'a relay is already running', status: 409 },
  relay_not_running: { words: 'no relay is running', status: 503 },
  certificate_unusable: { words: 'certificate unusable', status: 500 },
  address_unusable: { words: 'cannot listen on this address', status: 500 },
  internal: { words: 'internal error', status: 500 },
} as const satisfies Record<string, { words: string; status: number }>

export type ErrorCode = keyof typeof ERRORS

/** An error that is shown to the client: `message` has no secrets, `code` is stable, the stack is not sent. */
export class RelayError extends Error {
  readonly code: ErrorCode
  /** The HTTP status of the answer. */
  readonly status: number
  /** Name of the limit that was reached, for the counters and the log. Declared only, to keep it out of other logs. */
  declare readonly limit?: string

  /**
   * @param code    a key of `ERRORS`
   * @param detail  follows the stable message (`message: detail`); omit it where clients compare the message
   * @param options `limit` names the limit that was reached; docs/metrics.md lists the names
   */
  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions & { limit?: string }) {
    super(detail ? `${ERRORS[code].words}: ${detail}` : ERRORS[code].words, options)
    // packet-stream sends only `message`, `name` and `stack` of an error, so the name carries the code
    this.name = code
    this.code = code
    this.status = ERRORS[code].status
    if (options?.limit) this.limit = options.limit
  }
}

/** An error with its own advice to the operator, which replaces the advice for its code. */
export class AdvisedError extends RelayError {
  constructor(
    readonly advice: string,
    code: ErrorCode,
    detail?: string,
    options?: ErrorOptions,
  ) {
    super(code, detail, options)
  }
}

/** Whether a value is one of our codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}

/** The error to show to a client for any thrown value: a RelayError unchanged, everything else as `internal`. */
export function toPublicError(thrown: unknown): RelayError {
  return thrown instanceof RelayError ? thrown : new RelayError('internal', undefined, { cause: thrown })
}
