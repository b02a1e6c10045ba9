// The web: a Koa app, the order of its middleware, and its plain listener.

import type { IncomingMessage } from 'node:http'
import Koa from 'koa'
import { loadAssets } from './assets.js'
import { Budget } from './budget.js'
import { drawCaptcha } from './captcha.js'
import type { ListenerKind, Web, WebComponents, WebOptions } from './components.js'
import { listen } from './listen.js'
import { errors } from './middleware/errors.js'
import { headers } from './middleware/headers.js'
import { ownHost } from './middleware/own-host.js'
import { Riddles } from './riddles.js'
import { routes } from './routes.js'
import { Sessions } from './sessions.js'
import type { WebState } from './state.js'
import { createViews } from './views.js'

export type {
  DrawnRiddle,
  Handler,
  Issued,
  ListenerKind,
  RelayFace,
  RelayNames,
  SsbAddress,
  Web,
  WebComponents,
  WebOptions,
} from './components.js'

/** Starts the site on its plain listener; other listeners share it through `handler`. */
export async function createWeb(components: WebComponents, options: WebOptions): Promise<Web> {
  const { log, names, now = Date.now } = components
  const assets = loadAssets()
  const render = createViews(assets.url)
  const riddles = new Riddles({ draw: components.riddles ?? drawCaptcha, now }, options.captcha)
  const budget = new Budget(options.perHour, now)
  const sessions = new Sessions(now)
  let { expiresDays } = options
  const router = routes({
    ...{ mintInvite: components.mintInvite, face: components.face, names },
    ...{ assets, render, riddles, budget, sessions, now, expiresDays: () => expiresDays },
  })

  const app = new Koa<WebState>()
  const kinds = new WeakMap<IncomingMessage, ListenerKind>()
  app.use((ctx, next) => {
    ctx.state.kind = kinds.get(ctx.req) ?? 'local'
    return next()
  })
  app.use(headers())
  app.use(errors({ render, log }))
  app.use(ownHost({ names }))
  app.use(router.routes())
  app.use(router.allowedMethods())
  // what fails after the answer has begun, such as a caller who left
  app.on('error', (err) => log.debug({ err }, 'an answer was cut short'))

  const callback = app.callback()
  const handler: Web['handler'] = (kind) => (req, res) => {
    kinds.set(req, kind)
    callback(req, res)
  }
  const listener = await listen(handler('local'), options)
  return {
    ...listener,
    handler,
    setLimits({ captcha, perHour, ...more }) {
      if (captcha !== undefined) riddles.asks = captcha
      if (perHour !== undefined) budget.setPerHour(perHour)
      expiresDays = more.expiresDays ?? expiresDays
    },
  }
}
