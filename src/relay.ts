// SPDX-License-Identifier: AGPL-3.0-or-later
// The composition root: builds all parts, then opens the listeners. Closes them in reverse order.

import { type Config, diffConfig } from './config/config.js'
import { feedLimits, siteLimits, tunnelCaps, webListeners } from './config/parts.js'
import { type Clock, systemClock } from './lib/clock.js'
import { createCounters } from './lib/counters.js'
import { ONION_CONNECTIONS_AT_ONCE } from './lib/limits.js'
import type { Log } from './lib/log.js'
import { createMemoryRelease } from './lib/memory-release.js'
import { readVersion } from './lib/package-root.js'
import { requireFitMachine } from './lib/platform.js'
import type { AskNetwork } from './lib/time-trust.js'
import { createBackups } from './operator/backups.js'
import { openData } from './operator/data.js'
import { examine } from './operator/health-checks.js'
import { openLobby } from './operator/lobby.js'
import { createOperator } from './operator/methods.js'
import { openMetrics } from './operator/open-metrics.js'
import type { RelayStatus } from './operator/protocol.js'
import { createReach, type Listening, listenerOf, NOTHING_LISTENS, ONION, PUBLIC } from './operator/reach.js'
import { createSetup } from './operator/room-setup.js'
import { createControl } from './operator/server.js'
import { createStatus, healthOf } from './operator/status.js'
import { createPeer } from './peer/peer.js'
import { createSignInBridge } from './room/sign-in.js'
import { startMaintenance } from './store/housekeeping.js'
import { deriveSecret } from './store/identity.js'
import type { DrawnCaptcha, FetchCertificate, PlaceOf } from './web/app.js'
import { openWebListeners } from './web/listeners.js'
import { createWebComponents } from './web/web-components.js'

export interface RelayOptions {
  config: Config
  dataDir: string
  log: Log
  /** reads the configuration again, for `reload` over the control socket */
  readConfig?: () => Config
}

/** Parts that tests replace. Never read from configuration. */
export interface RelayOverrides {
  clock?: Clock
  drawCaptcha?: () => Promise<DrawnCaptcha>
  fetchCertificate?: FetchCertificate
  network?: AskNetwork
  placeOf?: PlaceOf
}

export interface Relay {
  status(): Promise<RelayStatus>
  /** Resolves when the store has answered, after a write to disk if asked for. For the watchdog. */
  pulse(write: boolean): Promise<void>
  /** Applies the reloadable keys. Returns the changed keys: those applied, and those that need a restart. */
  reload(config: Config): { applied: string[]; needs_restart: string[] }
  /** The link to the set-up page, with its token; null once the room is set up. */
  setupLink(): string | null
  close(): Promise<void>
}

export const VERSION: string = readVersion()

/**
 * Starts a relay. Resolves when every listener is ready. On an error it closes what it had started.
 * @throws RelayError `machine_unsupported`, `relay_running`, `data_unusable`, `address_unusable`
 */
export async function createRelay(options: RelayOptions, overrides: RelayOverrides = {}): Promise<Relay> {
  const { dataDir, log } = options
  const clock = overrides.clock ?? systemClock
  const { now } = clock
  let config = options.config
  const closers: Array<() => unknown> = []
  async function close(): Promise<void> {
    for (const closer of closers.splice(0).reverse()) await closer()
  }

  try {
    requireFitMachine()
    const { network, drawCaptcha, placeOf } = overrides
    const data = await openData({ log, clock, network }, { dataDir, limits: feedLimits(config) }, closers)
    const { keys, trust, store, recovery, socketPath } = data
    const counters = createCounters(log, clock.uptime)
    const localClaim = config.web.local && config.web.local_claim
    const setup = createSetup(store, { localClaim, uptime: clock.uptime })
    const signIn = createSignInBridge(clock, keys.id, store.members.has)
    // a pending sign-in ends with the member's sessions or membership
    const ended = store.members.onChange(({ feed }) => store.members.has(feed) || signIn.invalidate(feed))
    closers.push(store.signIns.onCloseAll(signIn.invalidate), ended, () => signIn.close())

    const listening: Listening = { ...NOTHING_LISTENS }
    const reach = createReach(listening, { id: keys.id, ...config })
    // Not the machine's host name: it would tell strangers, also over the onion, which machine this is.
    const name = (): string => store.settings.get().name || config.domain.name || 'Tidepool'
    const expiresDays = (): number => config.invite.expires_days
    const maxBytes = (): number => config.store.max_bytes
    const { addressFor: address, inviteLink, aliasLink, names, connectTo } = reach
    const links = { address, inviteLink, aliasLink, connectTo }
    const peerOptions = { ...links, expiresDays, name, tunnels: tunnelCaps(config), ebt: config.feeds.ebt }
    const { used, close: closeMemory } = createMemoryRelease(clock)
    closers.push(closeMemory)
    const peer = await createPeer({ store, keys, log, clock, recovery, signIn, counters, used }, peerOptions)
    closers.push(() => peer.close())
    const asked = { store, peer, counters, recovery, clock, trust, listening, reach }
    const status = createStatus(asked, { version: VERSION, dataDir, maxBytes })
    const shown = { store, signIn, setup, log, counters, now, online: peer.online, used }
    const site = createWebComponents(
      { ...shown, drawCaptcha, placeOf, captchaSeed: deriveSecret(keys, 'captcha') },
      {
        ...{ id: keys.id, roomName: name, hostnames: names, maxBytes, expiresDays },
        lobby: config.matrix.enabled ? () => listening.matrix : null,
        health: () => healthOf(status(), dataDir, now()),
        acceptSsb: config.web.ssb ? (socket, kind, end) => peer.upgrade(socket, listenerOf(kind), end) : null,
      },
    )

    // Listeners open last. Web listeners before SSB, because SSB answers contain links to the pages.
    const pages = await openWebListeners(
      { site, log, clock, fetch: overrides.fetchCertificate },
      webListeners(config, dataDir),
    )
    closers.push(() => pages.close(), peer.closeWebSockets)
    const { web, domain } = pages
    Object.assign(listening, { web, domain, whois: pages.whois, local: pages.local })
    listening.ssb = await peer.listen({ name: PUBLIC, ...config.ssb })

    if (config.onion.enabled) {
      // Tor gets its own listeners on loopback: all its clients have one address, so no address is trusted there, and
      // their connections have limits of their own.
      const at = { host: '127.0.0.1', port: 0, name: ONION }
      const behindTor = {
        web: await pages.open(web.handler('onion'), { ...at, upgrade: web.upgrade('onion') }),
        whois: await pages.open(web.whois('onion'), at),
        ssb: await peer.listen({ ...at, connections: ONION_CONNECTIONS_AT_ONCE }),
      }
      const { createOnion } = await import('./onion/onion.js')
      const onion = createOnion({ log, clock }, { ...config.onion, dataDir, ...behindTor })
      listening.onion = onion
      closers.push(() => onion.close())
    }
    if (config.matrix.enabled) {
      const parts = {
        store,
        clock,
        log,
        counters,
        name,
        site: reach.site,
        domain,
        used,
        expiresDays,
      }
      const matrix = await openLobby(parts, config, { dataDir, version: VERSION })
      listening.matrix = matrix
      closers.push(() => matrix.close())
    }
    const measured = { peer, counts: counters, clock, status }
    const metrics = await openMetrics(measured, { ...config.metrics, dataDir })
    listening.metrics = metrics
    closers.push(() => metrics.close())
    closers.push(startMaintenance({ store, clock, trust, log, also: async () => listening.matrix?.sweep() }))

    function reload(next: Config): { applied: string[]; needs_restart: string[] } {
      const difference = diffConfig(config, next)
      config = { ...config, invite: next.invite, store: next.store, log: next.log }
      log.level = config.log.level
      store.feeds.setLimits(feedLimits(config))
      web.setLimits(siteLimits(config))
      domain.check().catch((err) => log.error({ err }, 'certificate check failed'))
      log.info(difference, 'configuration reloaded')
      return difference
    }

    peer.exchange.start()

    // Last, because clients take the relay for ready once they can connect to the control socket.
    const handlers = createOperator({
      ...{ store, peer, now, status, setup, expiresDays, matrix: () => listening.matrix },
      backups: createBackups(store, keys.id, now),
      ...{ address: reach.address, webUrl: reach.site },
      doctor: (options, call) => examine({ store, now }, { dataDir, ...options }, call),
      metrics: metrics.text,
      recoveryFinish: () => recovery.finish(),
      reload: async () => reload(options.readConfig?.() ?? config),
    })
    const reached = { path: socketPath, version: VERSION }
    const control = await createControl({ handlers, log, clock, counters }, reached)
    closers.push(() => control.close())
    return {
      status: async () => status(),
      pulse: store.pulse,
      reload,
      setupLink: () => setup.link(web.url),
      close,
    }
  } catch (err) {
    await close()
    throw err
  }
}
