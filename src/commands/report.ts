// SPDX-License-Identifier: AGPL-3.0-or-later
// Errors of commands: one line with what failed and its code, one line with what to do.

import { AdvisedError, type ErrorCode, RelayError } from '../lib/errors.js'
import { oneLine } from './text-layout.js'

/** What to do about an error, by its code. */
export type Advice = Partial<Record<ErrorCode, string>>

const DEAD_INVITE = 'nothing to do: the invite cannot be used any more'

/** What to do about an error, for all commands. */
const ADVICE: Advice = {
  relay_not_running:
    'start it with: tidepool start; or name the data directory of a running relay with --data',
  peer_unreachable:
    'check the address, and that the other relay is running; an onion needs onion.enabled = true',
  relay_running: 'see it with: tidepool status; or start this relay with another --data',
  backup_unusable: 'give a file that "tidepool backup" wrote for this relay',
  recovering: 'wait until a client that knows the relay connects, or see: tidepool restore --help',
  data_unusable:
    'check that the directory exists, belongs to you and has free space, or choose another with --data',
  address_unusable:
    'free the port, or choose another, for example with --set ssb.port=8009 or --set web.port=8081',
  certificate_unusable: 'repair the files that domain.tls_key and domain.tls_cert name; see docs/run-it.md',
  clock_unset: 'set the clock, or wait until the network sets it; see: timedatectl',
  config_invalid: 'correct the file or the --set named above; docs/run-it.md lists every key',
  bad_feed_id: 'copy the whole id from the SSB app: @, 44 characters, .ed25519',
  bad_argument: 'see the options with --help',
  invite_unknown: 'list the invites with: tidepool invite list',
  invite_used_up: DEAD_INVITE,
  invite_expired: DEAD_INVITE,
  invite_malformed: "give the invite's id from: tidepool invite list; or the whole code or link",
  not_following: 'list the members with: tidepool members list',
  already_following: 'nothing to do; list the members with: tidepool members list',
  busy: "try again later; the relay's log can tell the reason",
  quota_reached: 'revoke what you no longer need, for example unused invites: tidepool invite list',
  last_admin: 'give another member the role first: tidepool members role FEED admin',
  machine_unsupported: 'use a supported board; docs/get-started.md lists them',
  store_full: 'raise store.max_bytes and send SIGHUP to the relay, or delete feeds',
}
const DEFAULT_ADVICE = "see the relay's log; if it does not help, please report this error"

/** The two lines that describe an error. @param advice what to do, where the command knows more than the code tells */
export function describe(thrown: unknown, advice: Advice = {}): string {
  const known = thrown instanceof RelayError ? thrown : null
  const message =
    known?.message ?? `internal error: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  const code = known?.code ?? 'internal'
  const next = known instanceof AdvisedError ? known.advice : (advice[code] ?? ADVICE[code] ?? DEFAULT_ADVICE)
  return `tidepool: ${oneLine(message)} (${code})\n  next: ${next}\n`
}

/** Prints an error to stderr and sets exit code 1. The process ends when its remaining work is done. */
export function fail(
  thrown: unknown,
  {
    advice = {},
    stack = false,
    form = (text) => text,
  }: {
    /** what to do, where the command knows more than the code tells */
    advice?: Advice | undefined
    /** also print the stack, for debugging */
    stack?: boolean | undefined
    /** changes the text before it is written, for the journal */
    form?: (text: string) => string
  } = {},
): void {
  process.stderr.write(form(describe(thrown, advice)))
  if (stack && thrown instanceof Error) process.stderr.write(form(`${thrown.stack}\n`))
  process.exitCode = 1
}
