// SPDX-License-Identifier: AGPL-3.0-or-later
// The site: a Koa app and the order of its middleware.

import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type Router from '@koa/router'
import Koa from 'koa'
import { RelayError } from '../lib/errors.js'
import { BAD_LINKS_PER_HOUR, QUESTION_TRIES } from '../lib/limits.js'
import { createThrottledLog } from '../lib/log.js'
import { TokenBucket } from '../lib/token-bucket.js'
import { loadAssets } from './assets.js'
import { createCaptchaDrawer, createCaptchaSpeaker } from './captcha-image.js'
import { Captchas } from './captchas.js'
import type { Asked, ListenerKind, Site, SiteLimits, WebComponents } from './contract.js'
import { createFairBudget } from './fair-budget.js'
import { isLocalPage } from './local-network.js'
import type { MemberRouteParts } from './member-routes.js'
import { type ErrorLink, errors, siteErrorLink } from './middleware/errors.js'
import { headers } from './middleware/headers.js'
import { language } from './middleware/language.js'
import { ownHost } from './middleware/own-host.js'
import { signInPath } from './own-path.js'
import type { CameBy, ReverseProxy } from './proxy.js'
import { routes, whoisRoutes } from './routes.js'
import { WebSessions } from './sessions.js'
import type { Step, WebState } from './state.js'
import { createViews } from './views.js'

/** Wrong set-up tokens, and wrong login links, per hour. Neither can be guessed; this bounds the load. */
const TRIES_PER_HOUR = 60

/** Builds the site. Listeners of every kind share it. */
export function createSite(
  components: WebComponents & { proxy: ReverseProxy },
  options: Required<SiteLimits>,
): Site {
  const { log, hostnames, proxy, now = Date.now } = components
  const assets = loadAssets()
  const render = createViews(assets.url)
  const limits: Required<SiteLimits> = { ...options }
  const { mintInvite, knock, setup, face, invites, findAlias, room } = components

  const logThrottled = createThrottledLog(log, () => performance.now())
  const expiresDays = (): number => limits.expiresDays
  const errorLink = siteErrorLink(() => face().mode)

  function asks(prefers?: (tags: string[]) => string | false): Asked {
    const { questions = {}, picture = false } = components.questions?.() ?? {}
    const tags = Object.keys(questions)
    const tag = prefers?.(tags) || tags[0]
    const own = tag === undefined ? undefined : questions[tag]
    if (own) return { question: { ...own, language: tag as string }, picture: picture && limits.captcha }
    if (limits.question) return { question: { ...limits.question, language: null }, picture: false }
    return { question: null, picture: limits.captcha }
  }

  const { captchaSeed: seed = randomBytes(32) } = components
  const draw = components.drawCaptcha ?? createCaptchaDrawer(seed)

  /** Routes with their own sessions and rate limits. */
  function createSide() {
    const captchas = new Captchas({ draw, speak: createCaptchaSpeaker(seed), now, asks })
    const budget = createFairBudget(limits.perHour, now)
    const answerTries = createFairBudget(QUESTION_TRIES, now)
    const knockBudget = new TokenBucket(limits.perHour, now)
    const sessions = new WebSessions(now)
    const badLinks = new TokenBucket(BAD_LINKS_PER_HOUR, now)
    const tries = () => new TokenBucket(TRIES_PER_HOUR, now)
    const router = routes({
      ...{ mintInvite, knock, setup, face, invites, findAlias, hostnames, assets, render, captchas, now },
      ...{ budget, answerTries, knockBudget, tries: tries(), badLinks, sessions, expiresDays },
      placeOf: components.placeOf,
      ...(room ? { room } : {}),
    })
    const behind = room
      ? lazyMemberRoutes({
          ...{ ...room, face, hostnames, render, now, tries: tries(), expiresDays },
          ...(components.lobby ? { lobby: components.lobby } : {}),
        })
      : null
    return {
      handler: serving(router, errorLink, behind),
      setLimits({ perHour }: SiteLimits) {
        if (perHour !== undefined) for (const each of [budget, knockBudget]) each.setPerHour(perHour)
      },
    }
  }

  const kinds = new WeakMap<IncomingMessage, { kind: ListenerKind; by: CameBy }>()

  /** Creates an app and returns its handler for each kind of listener. */
  function serving(routed: Router<WebState>, errorLink: ErrorLink, behind?: Step | null): Site['handler'] {
    const app = new Koa<WebState>()
    app.use((ctx, next) => {
      ctx.state.kind = kinds.get(ctx.req)?.kind ?? 'local'
      return next()
    })
    app.use(headers({ hostnames }))
    app.use(language())
    app.use(errors({ render, log, counters: components.counters, errorLink }))
    app.use((ctx, next) => {
      // absolute links would name this machine instead of the domain
      if (kinds.get(ctx.req)?.by === 'unproven' && !ctx.path.startsWith('/assets/'))
        throw new RelayError('proxy_unproven')
      return next()
    })
    app.use(ownHost({ hostnames, logThrottled }))
    app.use((ctx, next) => {
      if (ctx.state.kind === 'lan' && !isLocalPage(ctx.path)) throw new RelayError('not_found')
      return next()
    })
    if (behind) app.use(withSignInPath).use(behind)
    app.use(routed.routes())
    app.use(routed.allowedMethods())
    // errors after the response has begun, such as a closed connection
    app.on('error', (err) => log.debug({ err }, 'response cut short'))
    const callback = app.callback()
    return (kind) => (req, res) => {
      // behind the proxy is a visitor of the domain
      const by = kind === 'local' ? proxy.cameBy(req) : 'direct'
      kinds.set(req, { kind: by === 'https' ? 'domain' : kind, by })
      return callback(req, res)
    }
  }

  // Onion visitors have no address to limit by. They share limits of their own, so that a flood there cannot use up the
  // captchas, sounds and invites of everybody else.
  const sides = { onion: createSide(), others: createSide() }
  const whois = serving(whoisRoutes({ face, hostnames, assets }), () => null)
  return {
    handler: (kind) => (kind === 'onion' ? sides.onion : sides.others).handler(kind),
    whois,
    setLimits(changed) {
      Object.assign(limits, changed)
      for (const side of Object.values(sides)) side.setLimits(changed)
    },
  }
}

/** Remembers the page that is wanted, for the sign-in link. Under an alias subdomain there is no sign-in. */
const withSignInPath: Step = (ctx, next) => {
  const wanted = ctx.path === '/login' ? ctx.query.to : ctx.method === 'GET' ? ctx.url : null
  if (ctx.state.alias === null) ctx.state.signInPath = signInPath(wanted)
  return next()
}

/** Paths of the member routes. */
const BEHIND = /^\/(?:login|logout|dashboard|notice)(?:\/|$)/

/** Loads sign-in and dashboard at the first request for one of their paths. */
function lazyMemberRoutes(parts: MemberRouteParts): Step {
  let loaded: Promise<Step> | null = null
  async function load(): Promise<Step> {
    const { memberRoutes } = await import('./member-routes.js')
    const router = memberRoutes(parts)
    const [serve, refuse] = [router.routes() as Step, router.allowedMethods() as Step]
    return (ctx, next) => serve(ctx, () => refuse(ctx, next))
  }
  return async (ctx, next) => {
    if (!BEHIND.test(ctx.path)) return next()
    loaded ??= load()
    return (await loaded)(ctx, next)
  }
}
