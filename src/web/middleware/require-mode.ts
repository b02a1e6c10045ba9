// SPDX-License-Identifier: AGPL-3.0-or-later
// Restricts routes to privacy modes.

import { RelayError } from '../../lib/errors.js'
import type { RelayFace, WebComponents } from '../contract.js'
import type { Step } from '../state.js'

/** In other modes the page is not found. */
export function requireMode({ face }: Pick<WebComponents, 'face'>, ...modes: RelayFace['mode'][]): Step {
  return (_ctx, next) => {
    if (!modes.includes(face().mode)) throw new RelayError('not_found')
    return next()
  }
}
