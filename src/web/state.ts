// SPDX-License-Identifier: AGPL-3.0-or-later
// Types of what middleware and handlers know of a request.

import type { Context, Middleware } from 'koa'
import type { RelayError } from '../lib/errors.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Role } from '../store/roles.js'
import type { SignIn } from '../store/sign-ins.js'
import type { ListenerKind } from './contract.js'
import type { WebSession } from './sessions.js'
import type { Language } from './words/languages.js'

/** The signed-in member of a request. */
export interface SignedIn {
  feed: FeedId
  role: Role
  signIn: SignIn
  /** CSRF token of this browser's forms */
  csrf: string
  /** false once the sign-in has ended; a slow body may outlive it */
  isValid(): boolean
}

export interface WebState {
  kind: ListenerKind
  /** our hostname by which the page was reached */
  host: string
  /** scheme, host and port by which the page was reached */
  origin: string
  /** on the listener for the local network: our address there. `host` and `origin` are then those that work elsewhere, too */
  nearHost?: string
  /** the alias in the subdomain, or null */
  alias: string | null
  /** where the page is, for a visitor on the local network who used an unknown hostname */
  instead?: string
  /** the client expects `{status, error}`, as the SSB HTTP specifications define it */
  isJsonClient?: boolean
  /** why a form is shown again instead of an error page */
  refused?: RelayError
  /** where the header's sign-in link leads; absent where nobody can sign in */
  signInPath?: string
  /** the language of pages */
  language: Language
  /** on routes with the session middleware */
  session?: WebSession
  /** on member routes, if the browser is signed in */
  member?: SignedIn
}

export type Step = Middleware<WebState>

export type WebContext = Context & { state: WebState }

/** The session of a route with the session middleware. */
export function sessionOf(ctx: { state: WebState }): WebSession {
  if (!ctx.state.session) throw new Error('route without session middleware')
  return ctx.state.session
}

/** Whether the client prefers JSON to HTML. */
export function prefersJson(ctx: Pick<Context, 'accepts'>): boolean {
  return ctx.accepts('html', 'json') === 'json'
}
