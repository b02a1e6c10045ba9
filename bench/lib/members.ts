// SPDX-License-Identifier: AGPL-3.0-or-later
// Identities that two processes can both make: the crowd's members, known by their number.

import { createHash } from 'node:crypto'
import ssbKeys, { type Keys } from 'ssb-keys'

export function memberKeys(number: number): Keys {
  return ssbKeys.generate('ed25519', createHash('sha256').update(`tidepool bench member ${number}`).digest())
}
