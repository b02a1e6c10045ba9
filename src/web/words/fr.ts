// SPDX-License-Identifier: AGPL-3.0-or-later
// The French catalogue. The compiler finds missing keys, a test finds texts left in English.

import type { Words } from './en.js'
import { alias } from './fr/alias.js'
import { dash } from './fr/dash.js'
import { errors } from './fr/errors.js'
import { formats } from './fr/formats.js'
import { invite } from './fr/invite.js'
import { join } from './fr/join.js'
import { knock } from './fr/knock.js'
import { landing } from './fr/landing.js'
import { local } from './fr/local.js'
import { setup } from './fr/setup.js'
import { signIn } from './fr/sign-in.js'
import { site } from './fr/site.js'
import { warnings } from './fr/warnings.js'

export const fr: Words = {
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
