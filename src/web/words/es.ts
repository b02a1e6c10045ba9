// SPDX-License-Identifier: AGPL-3.0-or-later
// The Spanish catalogue. The compiler finds missing keys, a test finds texts left in English.

import type { Words } from './en.js'
import { alias } from './es/alias.js'
import { dash } from './es/dash.js'
import { errors } from './es/errors.js'
import { formats } from './es/formats.js'
import { invite } from './es/invite.js'
import { join } from './es/join.js'
import { knock } from './es/knock.js'
import { landing } from './es/landing.js'
import { local } from './es/local.js'
import { setup } from './es/setup.js'
import { signIn } from './es/sign-in.js'
import { site } from './es/site.js'
import { warnings } from './es/warnings.js'

export const es: Words = {
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
