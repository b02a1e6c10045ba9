// SPDX-License-Identifier: AGPL-3.0-or-later
// The English catalogue. Its type is the type of every language.

import type { acts } from './en/acts.js'
import { alias } from './en/alias.js'
import { dash } from './en/dash.js'
import { errors } from './en/errors.js'
import { formats } from './en/formats.js'
import { invite } from './en/invite.js'
import { join } from './en/join.js'
import { knock } from './en/knock.js'
import { landing } from './en/landing.js'
import { local } from './en/local.js'
import { setup } from './en/setup.js'
import { signIn } from './en/sign-in.js'
import { site } from './en/site.js'
import { warnings } from './en/warnings.js'
import type { Html } from './text.js'

export const en = {
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

/** The same keys and parameters, with other texts. */
type InAnyWords<T> = T extends string
  ? string
  : T extends Html
    ? Html
    : T extends (...given: infer Given) => infer Said
      ? (...given: Given) => InAnyWords<Said>
      : { readonly [Key in keyof T]: InAnyWords<T[Key]> }

/** All texts of the pages in one language. */
export type Words = InAnyWords<typeof en>

/** The texts of the dashboard's actions in one language. */
export type Acts = InAnyWords<typeof acts>
