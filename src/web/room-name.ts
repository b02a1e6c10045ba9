// SPDX-License-Identifier: AGPL-3.0-or-later
// The room's name on pages.

import type { RelayFace } from './contract.js'

/** The room's display name; a room without one is called Tidepool. */
export function roomNameOf({ name }: Pick<RelayFace, 'name'>): string {
  return name.trim() || 'Tidepool'
}
