// How a command fails: one line that says what happened and its code, and a second that says what to do next.

import { type ErrorCode, RelayError } from '../errors.js'
import { oneLine } from './output.js'

/** An error that knows better than the table below what to do next. */
export class Advised extends RelayError {
  constructor(
    readonly advice: string,
    code: ErrorCode,
    detail?: string,
  ) {
    super(code, detail)
  }
}

/** What to do about an error, where there is something an operator can do. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  relay_not_running: 'start it with: tidepool start; or name the data directory of a running one with --data',
  relay_running: 'ask it how it is with: tidepool status; or start this one with another --data',
  backup_unusable: 'give a file that tidepool backup wrote for this relay',
  recovering: 'wait until somebody who knows the relay has connected, or see: tidepool restore --help',
  data_unusable: 'check that the directory exists, is yours and has room, or choose another with --data',
  address_unusable:
    'free the port, or choose another, for example with --set ssb.port=8009 or --set web.port=8081',
  certificate_unusable:
    'mend the files that domain.tls_key and domain.tls_cert name; docs/operating.md says how',
  clock_unset: 'set the clock, or wait for the network to: timedatectl',
  config_invalid: 'mend the file or the --set named above; docs/operating.md lists every key',
  not_allowed: 'run this as the user that runs the relay',
  bad_feed_id: 'copy the whole id from the SSB app: @, 44 characters, .ed25519',
  bad_argument: 'see the command with --help',
  invite_unknown: 'see the invites there are with: tidepool invite list',
  invite_malformed: 'give an invite id from: tidepool invite list',
  not_following: 'see whom the relay follows with: tidepool members list',
  already_following: 'nothing to do; see: tidepool members list',
  not_found: 'see who is knocking with: tidepool members knocks; who is blocked with: tidepool block --list',
  busy: 'try again in a while; the log of the relay may say why',
  store_full: 'raise store.max_bytes and send the relay SIGHUP, or make room',
}
const ELSE = 'look into the log of the relay; if it says nothing helpful, please report this'

/** The two lines that a thrown value ends a command with. */
export function describe(thrown: unknown): string {
  const known = thrown instanceof RelayError ? thrown : null
  const message =
    known?.message ?? `internal error: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  const code = known?.code ?? 'internal'
  const advice = known instanceof Advised ? known.advice : (ADVICE[code] ?? ELSE)
  return `tidepool: ${oneLine(message)} (${code})\n  next: ${advice}\n`
}

/**
 * Ends a command badly: says why on stderr and sets the exit code; the process ends once its work is done.
 * @param stack also print where it was thrown; for operators who asked for debugging
 * @param form  how text goes out, where it is not just written
 */
export function fail(thrown: unknown, stack = false, form = (text: string): string => text): void {
  process.stderr.write(form(describe(thrown)))
  if (stack && thrown instanceof Error) process.stderr.write(form(`${thrown.stack}\n`))
  process.exitCode = 1
}
