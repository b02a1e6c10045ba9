// SPDX-License-Identifier: AGPL-3.0-or-later
// Configuration values in the units that the relay's parts use.

import { SECOND } from '../lib/limits.js'
import type { Question } from '../lib/question.js'
import { type Config, KEYS } from './config.js'

/** Size limits of the store, in bytes. */
export function feedLimits({ store }: Config): { maxBytes: number; maxFeedBytes: number } {
  return { maxBytes: store.max_bytes, maxFeedBytes: store.max_feed_bytes }
}

/** Limits of tunnels: numbers, bytes, milliseconds. */
export function tunnelCaps({ room }: Config): Record<'total' | 'perPeer' | 'bytes' | 'ms', number> {
  const { tunnels: total, tunnels_per_peer: perPeer, tunnel_bytes: bytes, tunnel_seconds } = room
  return { total, perPeer, bytes, ms: tunnel_seconds * SECOND }
}

/** Settings of the invite pages. */
export function siteLimits({ invite }: Config): {
  captcha: boolean
  question: Question | null
  perHour: number
  expiresDays: number
} {
  const { captcha, question, answers, per_hour: perHour, expires_days: expiresDays } = invite
  return { captcha, question: question === null ? null : { text: question, answers }, perHour, expiresDays }
}

/** Settings of all web listeners. A taken port stops the start if the operator has chosen it. */
export function webListeners(config: Config, dataDir: string) {
  const { web, whois, ssb, domain } = config
  return {
    web: { ...web, proxy: domain.proxy, ...siteLimits(config) },
    domain: { ...domain, dataDir },
    whois: { host: ssb.host, port: whois.port, required: whois.port !== KEYS['whois.port'].default },
    local: web.local
      ? {
          ...{ host: web.local_host, port: web.local_port },
          required: web.local_port !== KEYS['web.local_port'].default,
        }
      : null,
  }
}
