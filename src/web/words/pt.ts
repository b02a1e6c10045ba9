// SPDX-License-Identifier: AGPL-3.0-or-later
// The Portuguese catalogue. The compiler finds missing keys, a test finds texts left in English.

import type { Words } from './en.js'
import { alias } from './pt/alias.js'
import { dash } from './pt/dash.js'
import { errors } from './pt/errors.js'
import { formats } from './pt/formats.js'
import { invite } from './pt/invite.js'
import { join } from './pt/join.js'
import { knock } from './pt/knock.js'
import { landing } from './pt/landing.js'
import { local } from './pt/local.js'
import { setup } from './pt/setup.js'
import { signIn } from './pt/sign-in.js'
import { site } from './pt/site.js'
import { warnings } from './pt/warnings.js'

export const pt: Words = {
  site,
  landing,
  local,
  setup,
  invite,
  knock,
  join,
  alias,
  formats,
  errors,
  signIn,
  dash,
  warnings,
}
