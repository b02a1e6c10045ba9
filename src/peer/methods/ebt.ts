// ebt.replicate: feeds in and out as vector clocks and messages, where the operator has turned it on.

import { RelayError } from '../../lib/errors.js'
import type { Methods } from '../../muxrpc/registry.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Access } from '../access.js'
import { asObject } from '../arguments.js'
import { type Connection, isFollowed } from '../connection.js'
import type { Ebt } from '../ebt/hub.js'

/** The version of EBT that ssb-ebt 5 to 9 speak, and the one format there is. */
const VERSION = 3
const FORMAT = 'classic'

export interface EbtMethodComponents {
  /** null where `feeds.ebt` is off: the method is then refused */
  ebt: Ebt | null
  /** Told of each call by a member that is refused because EBT is off. */
  onEbtRefused(member: FeedId): void
}

/** `ebt.replicate({version: 3, format?: 'classic'})`. Errors: `bad_argument`, `busy` (a second call on one connection). */
export function ebtMethods({ ebt, onEbtRefused }: EbtMethodComponents): Methods<Connection> {
  const access: Access = {
    words: 'members, if `feeds.ebt` is on',
    allows: ({ callerClass }) => ebt !== null && isFollowed(callerClass),
    refusal({ callerClass, id }) {
      if (isFollowed(callerClass)) onEbtRefused(id)
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
        ebt?.open(caller, stream)
      },
    },
  }
}
