// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard's pages about the room: invites, settings, health, audit log.

import {
  ANSWER_CHARS,
  DESCRIPTION_CHARS,
  INVITE_USES,
  NAME_CHARS,
  NOTE_CHARS,
  QUESTION_ANSWERS,
  QUESTION_CHARS,
} from '../../../lib/limits.js'
import { isFeedId } from '../../../ssb/feed-id.js'
import { PRIVACY_MODES } from '../../../store/settings.js'
import { memberOf } from '../../middleware/signed-in.js'
import type { Step, WebContext } from '../../state.js'
import { warningTexts } from '../../warning-texts.js'
import { createDashboardPages, type DashboardParts, invitesFor, offsetIn, PAGE, pageOf } from './page.js'
import { sortRows } from './sorting.js'

/** A rejected form: its input and the error code. */
export interface Refused {
  given: Record<string, string>
  code: string
}

/** Creates the handlers. Some can show a rejected form again. */
export function createRoomPages(parts: DashboardParts) {
  const { store } = parts
  const { show, requirePermission, person } = createDashboardPages(parts)

  const isMember = (id: string): boolean => isFeedId(id) && store.members.has(id)

  const invites: Step = async (ctx) => {
    requirePermission(ctx, 'invite.create')
    const { rows, columns, sort } = await sortRows(
      ctx,
      invitesFor(store, memberOf(ctx)).sort((a, b) => b.created - a.created),
      [
        // those of one state stay sorted by age
        { name: 'state', keyOf: ({ state }) => Number(state === 'live') },
        { name: 'note', keyOf: ({ note }) => note },
        { name: 'maker' },
        { name: 'created', keyOf: ({ created }) => created },
        { name: 'expires', keyOf: ({ expires }) => expires },
      ],
      'state',
    )
    const from = offsetIn(ctx, rows.length)
    show(ctx, 'dashboard/invites.njk', 'invites', {
      ...{ total: rows.length, columns },
      ...pageOf(from, rows.length, { sort }),
      most: { uses: INVITE_USES, note: NOTE_CHARS },
      days: Math.max(1, Math.round(parts.expiresDays())),
      invites: rows.slice(from, from + PAGE).map((invite) => ({
        ...invite,
        maker: isFeedId(invite.by) ? person(invite.by) : null,
        target: invite.for ? person(invite.for) : null,
      })),
    })
  }

  /** The room's settings. @param asked the question whose form was rejected, if it was not the description's */
  function room(ctx: WebContext, refused: Refused | null, asked: Refused | null = null): void {
    requirePermission(ctx, 'room.describe')
    const { name, description, ebt, questions, picture } = store.settings.get()
    const most = { name: NAME_CHARS, description: DESCRIPTION_CHARS }
    const empty = { language: '', text: '', answers: '', picture }
    show(ctx, 'dashboard/room.njk', 'room', {
      modes: PRIVACY_MODES,
      given: refused?.given ?? { name, description, ebt },
      most,
      wrong: refused?.code ?? null,
      questions: Object.entries(questions).map(([language, question]) => ({ language, ...question })),
      asked: { ...empty, ...asked?.given },
      badQuestion: asked?.code ?? null,
      mostAsked: [QUESTION_CHARS, QUESTION_ANSWERS, ANSWER_CHARS],
    })
  }

  const question = (ctx: WebContext, refused: Refused): void => room(ctx, null, refused)

  const log: Step = (ctx) => {
    requirePermission(ctx, 'audit.see')
    const before = Number(ctx.query.before)
    const entries = store.audit.list(PAGE, Number.isSafeInteger(before) && before > 0 ? before : undefined)
    const oldest = entries.at(-1)?.number ?? 1
    show(ctx, 'dashboard/log.njk', 'log', {
      columns: ['time', 'actor', 'action', 'target'].map((name) => ({
        name,
        isSortable: false,
        sorted: null,
      })),
      entries: entries.map((entry) => ({
        ...entry,
        actor: isFeedId(entry.who) ? person(entry.who) : null,
        target: isFeedId(entry.whom) ? person(entry.whom) : null,
        // only members have a page
        linked: { actor: isMember(entry.who), target: isMember(entry.whom) },
      })),
      older: oldest > 1 && entries.length === PAGE ? oldest : null,
    })
  }

  const health: Step = (ctx) => {
    requirePermission(ctx, 'health.see')
    const health = parts.health()
    const warnings = warningTexts(ctx.state.language.words.warnings, health.warnings)
    show(ctx, 'dashboard/health.njk', 'health', { health, warnings })
  }

  return { invites, room, question, health, log }
}
