// SPDX-License-Identifier: AGPL-3.0-or-later
// The German catalogue. The compiler finds missing keys, a test finds texts left in English.

import { alias } from './de/alias.js'
import { dash } from './de/dash.js'
import { errors } from './de/errors.js'
import { formats } from './de/formats.js'
import { invite } from './de/invite.js'
import { join } from './de/join.js'
import { knock } from './de/knock.js'
import { landing } from './de/landing.js'
import { local } from './de/local.js'
import { setup } from './de/setup.js'
import { signIn } from './de/sign-in.js'
import { site } from './de/site.js'
import { warnings } from './de/warnings.js'
import type { Words } from './en.js'

export const de: Words = {
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
