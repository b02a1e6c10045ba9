// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard's page of the Matrix lobby: messages, users, knocks.

import { RelayError } from '../../../lib/errors.js'
import { MATRIX_SAY_CHARS } from '../../../lib/matrix-limits.js'
import type { Step } from '../../state.js'
import { createDashboardPages, type DashboardParts, PAGE } from './page.js'

/** Messages shown by file name only; the relay fetches no media. */
const MEDIA = ['m.image', 'm.video', 'm.audio', 'm.file']

/** GET /dashboard/lobby; not found where the lobby is off. */
export function createLobbyPage(parts: DashboardParts): Step {
  const { show, requirePermission } = createDashboardPages(parts)
  return (ctx) => {
    const lobby = parts.lobby?.()
    if (!lobby) throw new RelayError('not_found')
    requirePermission(ctx, 'lobby.say')
    const members = lobby.members()
    const named = ({ id, name }: { id: string; name: string }) => ({ id, name: name || id })
    const those = (membership: string) => members.filter((one) => one.membership === membership)
    show(ctx, 'dashboard/lobby.njk', 'lobby', {
      status: lobby.status(),
      most: MATRIX_SAY_CHARS,
      messages: lobby
        .messages()
        .slice(-PAGE)
        .map(({ sender, name, text, type, at }) => ({
          ...named({ id: sender, name }),
          at,
          text,
          isMedia: MEDIA.includes(type),
        })),
      knocks: lobby.knocks().slice(0, PAGE),
      joined: those('join').slice(0, PAGE).map(named),
      more: Math.max(0, those('join').length - PAGE),
      invited: those('invite').slice(0, PAGE).map(named),
      banned: those('ban').slice(0, PAGE).map(named),
      // the relay itself cannot be removed
      own: `@relay:${lobby.status().alias?.replace(/^[^:]*:/, '') ?? ''}`,
    })
  }
}
