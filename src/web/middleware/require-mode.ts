// Pages that exist in some privacy modes only.

import { RelayError } from '../../lib/errors.js'
import type { RelayFace, WebComponents } from '../contract.js'
import type { Step } from '../state.js'

/** In any other mode there is nothing here, in the words for any page that does not exist. */
export function requireMode({ face }: Pick<WebComponents, 'face'>, ...modes: RelayFace['mode'][]): Step {
  return (_ctx, next) => {
    if (!modes.includes(face().mode)) throw new RelayError('not_found')
    return next()
  }
}
