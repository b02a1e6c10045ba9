// SPDX-License-Identifier: AGPL-3.0-or-later
// ebt.replicate: feeds in and out as vector clocks and messages, where the operator has turned it on.

import { RelayError } from '../../lib/errors.js'
import type { Methods } from '../../muxrpc/registry.js'
import type { Access } from '../access.js'
import { asObject } from '../arguments.js'
import { type Connection, isMember } from '../connection.js'
import type { EbtSwitch } from '../ebt/switch.js'

/** The version of EBT that ssb-ebt 5 to 9 speak, and the one format there is. */
const VERSION = 3
const FORMAT = 'classic'

export interface EbtMethodComponents {
  ebt: Pick<EbtSwitch, 'hub' | 'refused'>
}

/** `ebt.replicate({version: 3, format?: 'classic'})`. Errors: `bad_argument`, `busy` (a second call on one connection). */
export function ebtMethods({ ebt }: EbtMethodComponents): Methods<Connection> {
  const access: Access = {
    words: 'members, if EBT is on',
    allows: ({ callerClass }) => ebt.hub() !== null && isMember(callerClass),
    refusal({ callerClass, id }) {
      if (isMember(callerClass)) ebt.refused(id)
      return null
    },
  }
  return {
    'ebt.replicate': {
      type: 'duplex',
      access,
      open(caller, stream, argument) {
        const { version, format = FORMAT } = asObject(argument)
        if (version !== VERSION || format !== FORMAT)
          throw new RelayError('bad_argument', `only version ${VERSION} and format ${FORMAT} are supported`)
        ebt.hub()?.open(caller, stream)
      },
    },
  }
}
