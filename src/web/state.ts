// What our middleware and handlers know of a request.

import type { Context, Middleware } from 'koa'
import type { RelayError } from '../lib/errors.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Role } from '../store/roles.js'
import type { SignIn } from '../store/sign-ins.js'
import type { ListenerKind } from './contract.js'
import type { WebSession } from './sessions.js'
import type { Language } from './words/languages.js'

/** The member behind a browser, as of this request. */
export interface SignedIn {
  feed: FeedId
  role: Role
  signIn: SignIn
  /** what a form of this browser carries, and no other site can know */
  csrf: string
  /** whether the sign-in has not ended since: a form's body may come long after its head */
  stands(): boolean
}

export interface WebState {
  kind: ListenerKind
  /** the name of ours by which the page was reached */
  host: string
  /** scheme, host and port by which it was reached: what absolute links to us begin with */
  origin: string
  /** the alias whose own host it was, if it was one */
  alias: string | null
  /** where the page would be answered, for a visitor on our own network who used another name */
  instead?: string
  /** the caller is a program that expects `{status, error}`, as the SSB specifications have it */
  program?: boolean
  /** why a form is shown again instead of an error page */
  refused?: RelayError
  /** the language of the answer, if it is a page */
  language: Language
  /** on the routes that ask for one */
  session?: WebSession
  /** on the routes of members, if somebody is signed in */
  member?: SignedIn
}

export type Step = Middleware<WebState>

export type WebContext = Context & { state: WebState }

/** The session that the route's middleware has put in place. */
export function sessionOf(ctx: { state: WebState }): WebSession {
  if (!ctx.state.session) throw new Error('route without session middleware')
  return ctx.state.session
}

/** Whether the caller would rather read JSON than a page. */
export function prefersJson(ctx: Pick<Context, 'accepts'>): boolean {
  return ctx.accepts('html', 'json') === 'json'
}
