// SPDX-License-Identifier: AGPL-3.0-or-later
// POST /dashboard/do/NAME: checks a form, asks for confirmation if needed, runs the action.

import { RelayError } from '../../../lib/errors.js'
import { isFeedId, readFeedId } from '../../../ssb/feed-id.js'
import { mayDo, PERMISSIONS, type Permission } from '../../../store/permissions.js'
import { oneValue, readForm, TEXT_FORM_BYTES, textOf } from '../../form.js'
import { checkCsrf, clearMemberCookie, memberOf } from '../../middleware/signed-in.js'
import { prefersJson, type Step, type WebContext } from '../../state.js'
import { actionOf, type PostAction } from './actions.js'
import { createDashboardPages, type DashboardParts, inviteFor, isAction } from './page.js'
import type { Refused } from './room-pages.js'

/** Forms that are shown again with their input when the store rejects them, by action name. */
export type ShownAgain = Record<string, (ctx: WebContext, refused: Refused) => void>

/** Creates the handler. @param again see ShownAgain */
export function postAction(parts: DashboardParts, again: ShownAgain): Step {
  const { store, hostnames, face, now } = parts
  const { show, person } = createDashboardPages(parts)

  /** Shows the confirmation page. Nothing has changed yet. */
  function ask(ctx: WebContext, name: string, { cancelTo }: PostAction, given: Record<string, string>): void {
    const member = memberOf(ctx)
    const { mode } = store.settings.get()
    const power: Permission | null = isAction(name) ? PERMISSIONS[name] : null
    const target = given.feed && store.members.has(given.feed) ? store.roles.of(given.feed) : null
    // do not ask about an action that will fail; actions on own things are checked by the store
    if (power && !power.own && isAction(name) && !mayDo(name, member.role, mode, target))
      throw new RelayError('not_allowed')
    const invite = given.invite ? inviteFor(store, member, given.invite) : null
    if (given.invite && !invite) throw new RelayError('not_found')
    const whom = given.feed ?? given.user ?? given.glob ?? given.alias ?? given.name ?? given.role ?? ''
    show(ctx, 'dashboard/confirm.njk', '', {
      ...{ name, given, whom, cancel: cancelTo, invite },
      shown: isFeedId(whom) && store.members.has(whom) ? person(whom) : null,
      back: null,
    })
  }

  return async (ctx) => {
    const name = String(ctx.params.name ?? '')
    const action = actionOf(name)
    if (!action) throw new RelayError('not_found')
    const member = memberOf(ctx)
    const form = await readForm(ctx.req, TEXT_FORM_BYTES)
    checkCsrf(member, form)
    const given = Object.fromEntries(
      action.fields.filter((field) => form.has(field)).map((field) => [field, fieldOf(form, field)]),
    )
    if (given.feed !== undefined && !isFeedId(given.feed)) throw new RelayError('bad_feed_id')
    if (action.cancelTo !== undefined && oneValue(form, 'confirmed') !== '1')
      return ask(ctx, name, action, given)
    try {
      const outcome = await action.run({
        ...{ given, member, store, now: now(), lobby: parts.lobby?.()?.as(member.feed) ?? null },
        actions: store.moderation.as(member.feed),
        reachedAt: { host: ctx.state.host, origin: ctx.state.origin, face: face(), hostnames: hostnames() },
      })
      if ('view' in outcome) return show(ctx, outcome.view, outcome.tab, { ...outcome.values, back: null })
      if (name === 'leave' || name === 'session.closeAll') clearMemberCookie(ctx)
      ctx.status = 303
      ctx.redirect(outcome.to.startsWith('/dashboard') ? `${outcome.to}?done=${name}` : outcome.to)
      ctx.body = ''
    } catch (thrown) {
      const shownAgain = again[name]
      if (!(thrown instanceof RelayError) || thrown.status !== 400 || !shownAgain || prefersJson(ctx))
        throw thrown
      ctx.status = thrown.status
      shownAgain(ctx, { given, code: thrown.code })
    }
  }
}

/** The value of a field; feed ids are normalised. */
function fieldOf(form: URLSearchParams, field: string): string {
  const text = textOf(form, field)
  return field === 'feed' || field === 'for' ? (readFeedId(text) ?? text) : text
}
