// The site: a Koa app, and the order of its middleware.

import type { IncomingMessage } from 'node:http'
import type Router from '@koa/router'
import Koa from 'koa'
import { RelayError } from '../lib/errors.js'
import { BAD_LINKS_PER_HOUR } from '../lib/limits.js'
import { createThrottledLog } from '../lib/log.js'
import { TokenBucket } from '../lib/token-bucket.js'
import { loadAssets } from './assets.js'
import { drawCaptcha } from './captcha-image.js'
import { Captchas } from './captchas.js'
import type { ListenerKind, Site, SiteLimits, WebComponents } from './contract.js'
import type { MemberRouteParts } from './member-routes.js'
import { errors, siteWayOut, type WayOut } from './middleware/errors.js'
import { headers } from './middleware/headers.js'
import { language } from './middleware/language.js'
import { ownHost } from './middleware/own-host.js'
import type { CameBy, ReverseProxy } from './proxy.js'
import { routes, whoisRoutes } from './routes.js'
import { WebSessions } from './sessions.js'
import type { Step, WebState } from './state.js'
import { createViews } from './views.js'

/** Wrong set-up tokens in an hour, and wrong login links: none is ever guessed, but nobody need be let try. */
const TRIES_PER_HOUR = 60

/** Builds the site; listeners of every kind share it. */
export function createSite(
  components: WebComponents & { proxy: ReverseProxy },
  options: Required<SiteLimits>,
): Site {
  const { log, names, proxy, now = Date.now } = components
  const assets = loadAssets()
  const render = createViews(assets.url)
  const limits: Required<SiteLimits> = { ...options }
  const { mintInvite, knock, setup, face, invites, alias, room } = components

  const tell = createThrottledLog(log, () => performance.now())
  const expiresDays = (): number => limits.expiresDays
  const wayOut = siteWayOut(() => face().mode)

  /** The pages with sessions and budgets of their own. */
  function createSide() {
    const riddles = new Captchas({ draw: components.riddles ?? drawCaptcha, now }, limits.captcha)
    const budget = new TokenBucket(limits.perHour, now)
    const knockBudget = new TokenBucket(limits.perHour, now)
    const sessions = new WebSessions(now)
    const badLinks = new TokenBucket(BAD_LINKS_PER_HOUR, now)
    const tries = () => new TokenBucket(TRIES_PER_HOUR, now)
    const router = routes({
      ...{ mintInvite, knock, setup, face, invites, alias, names, assets, render, riddles, now },
      ...{ budget, knockBudget, tries: tries(), badLinks, sessions, expiresDays },
      ...(room ? { room } : {}),
    })
    const behind = room
      ? behindSignIn({
          ...{ ...room, face, names, render, now, tries: tries(), expiresDays },
          ...(components.lobby ? { lobby: components.lobby } : {}),
        })
      : null
    return {
      handler: serving(router, wayOut, behind),
      setLimits({ captcha, perHour }: SiteLimits) {
        if (captcha !== undefined) riddles.asks = captcha
        if (perHour !== undefined) for (const each of [budget, knockBudget]) each.setPerHour(perHour)
      },
    }
  }

  const kinds = new WeakMap<IncomingMessage, { kind: ListenerKind; by: CameBy }>()

  /** An app of these routes, as a handler for each kind of listener. */
  function serving(routed: Router<WebState>, wayOut: WayOut, behind?: Step | null): Site['handler'] {
    const app = new Koa<WebState>()
    app.use((ctx, next) => {
      ctx.state.kind = kinds.get(ctx.req)?.kind ?? 'local'
      return next()
    })
    app.use(headers({ names }))
    app.use(language())
    app.use(errors({ render, log, counters: components.counters, wayOut }))
    app.use((ctx, next) => {
      // every link on the page would lead to this machine alone
      if (kinds.get(ctx.req)?.by === 'unproven' && !ctx.path.startsWith('/assets/'))
        throw new RelayError('proxy_unproven')
      return next()
    })
    app.use(ownHost({ names, tell }))
    if (behind) app.use(behind)
    app.use(routed.routes())
    app.use(routed.allowedMethods())
    // what fails after the answer has begun, such as a caller who left
    app.on('error', (err) => log.debug({ err }, 'an answer was cut short'))
    const callback = app.callback()
    return (kind) => (req, res) => {
      // who comes through the proxy is a visitor of the domain
      const by = kind === 'local' ? proxy.cameBy(req) : 'direct'
      kinds.set(req, { kind: by === 'https' ? 'domain' : kind, by })
      return callback(req, res)
    }
  }

  // Whoever comes through the onion has no address, so a crowd there can only be counted as one: it may use up the
  // riddles and the invites of its own side, never those of all others.
  const sides = { onion: createSide(), others: createSide() }
  const whois = serving(whoisRoutes({ face, names, assets }), () => null)
  return {
    handler: (kind) => (kind === 'onion' ? sides.onion : sides.others).handler(kind),
    whois,
    setLimits(changed) {
      Object.assign(limits, changed)
      for (const side of Object.values(sides)) side.setLimits(changed)
    },
  }
}

/** The paths that are answered there. */
const BEHIND = /^\/(?:login|logout|dashboard|notice)(?:\/|$)/

/** Sign-in and dashboard, loaded when somebody first comes for one of their pages. */
function behindSignIn(parts: MemberRouteParts): Step {
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
