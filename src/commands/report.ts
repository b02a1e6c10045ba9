// How a command fails: one line that says what happened and its code, and a second that says what to do next.

import { AdvisedError, type ErrorCode, RelayError } from '../lib/errors.js'
import { oneLine } from './output.js'

/** What to do about an error, by its code. */
export type Advice = Partial<Record<ErrorCode, string>>

const GONE = 'nothing to do: nobody can use it any more'

/** What to do about an error whichever command it ends, where there is something an operator can do. */
const ADVICE: Advice = {
  relay_not_running: 'start it with: tidepool start; or name the data directory of a running one with --data',
  relay_running: 'ask it how it is with: tidepool status; or start this one with another --data',
  backup_unusable: 'give a file that tidepool backup wrote for this relay',
  recovering: 'wait until somebody who knows the relay has connected, or see: tidepool restore --help',
  data_unusable: 'check that the directory exists, is yours and has room, or choose another with --data',
  address_unusable:
    'free the port, or choose another, for example with --set ssb.port=8009 or --set web.port=8081',
  certificate_unusable:
    'mend the files that domain.tls_key and domain.tls_cert name; docs/run-it.md says how',
  clock_unset: 'set the clock, or wait for the network to: timedatectl',
  config_invalid: 'mend the file or the --set named above; docs/run-it.md lists every key',
  bad_feed_id: 'copy the whole id from the SSB app: @, 44 characters, .ed25519',
  bad_argument: 'see the command with --help',
  invite_unknown: 'see the invites there are with: tidepool invite list',
  invite_used_up: GONE,
  invite_expired: GONE,
  invite_malformed: 'give its id from: tidepool invite list; or the whole code or link',
  not_following: 'see whom the relay follows with: tidepool members list',
  already_following: 'nothing to do; see: tidepool members list',
  busy: 'try again in a while; the log of the relay may say why',
  store_full: 'raise store.max_bytes and send the relay SIGHUP, or make room',
}
const ELSE = 'look into the log of the relay; if it says nothing helpful, please report this'

/** The two lines that a thrown value ends a command with. @param advice what this command alone knows */
export function describe(thrown: unknown, advice: Advice = {}): string {
  const known = thrown instanceof RelayError ? thrown : null
  const message =
    known?.message ?? `internal error: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  const code = known?.code ?? 'internal'
  const next = known instanceof AdvisedError ? known.advice : (advice[code] ?? ADVICE[code] ?? ELSE)
  return `tidepool: ${oneLine(message)} (${code})\n  next: ${next}\n`
}

/**
 * Ends a command badly: says why on stderr and sets the exit code; the process ends once its work is done.
 * @param advice what to do next, where this command knows better than the code alone tells
 */
export function fail(
  thrown: unknown,
  {
    advice = {},
    stack = false,
    form = (text) => text,
  }: {
    advice?: Advice | undefined
    /** also print where it was thrown; for operators who asked for debugging */
    stack?: boolean | undefined
    /** how text goes out, where it is not just written */
    form?: (text: string) => string
  } = {},
): void {
  process.stderr.write(form(describe(thrown, advice)))
  if (stack && thrown instanceof Error) process.stderr.write(form(`${thrown.stack}\n`))
  process.exitCode = 1
}
