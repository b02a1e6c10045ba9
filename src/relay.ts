// The composition root: builds every part, passes each what it needs, then listens; closes them in reverse order.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, diffConfig, KEYS } from './config/config.js'
import { feedLimits, siteLimits, tunnelCaps } from './config/parts.js'
import { type Clock, systemClock } from './lib/clock.js'
import { clearLeftovers, FEED_BEGUN, prepareDataDir, RESTORED } from './lib/data-directory.js'
import { ONION_CONNECTIONS_AT_ONCE } from './lib/limits.js'
import type { Log } from './lib/log.js'
import { createMemoryRelease } from './lib/memory-release.js'
import { requireFitMachine } from './lib/platform.js'
import { type AskNetwork, createTimeTrust } from './lib/time-trust.js'
import { examine } from './operator/health-checks.js'
import { openLobby } from './operator/lobby.js'
import { createOperator } from './operator/methods.js'
import type { RelayStatus } from './operator/protocol.js'
import { createReach, type Listening, NOTHING_LISTENS, ONION } from './operator/reach.js'
import { createSetup } from './operator/room-setup.js'
import { createControl, removeStale } from './operator/server.js'
import { createStatus } from './operator/status.js'
import { createPeer } from './peer/peer.js'
import { createRecovery } from './peer/recovery.js'
import { createSignInBridge } from './room/sign-in.js'
import { backupBeside } from './store/backup.js'
import { startMaintenance } from './store/housekeeping.js'
import { guardFeed, loadIdentity } from './store/identity.js'
import { createStore } from './store/store.js'
import type { DrawnCaptcha, FetchCertificate } from './web/app.js'
import { openWebListeners } from './web/listeners.js'
import { createWebComponents } from './web/web-components.js'

export interface RelayOptions {
  config: Config
  dataDir: string
  log: Log
  /** reads the configuration again, for `reload`; without it there is nothing to reload */
  readConfig?: () => Config
}

/** What a test may put in place of the real thing. Never read from configuration. */
export interface RelayOverrides {
  clock?: Clock
  drawCaptcha?: () => Promise<DrawnCaptcha>
  fetchCertificate?: FetchCertificate
  network?: AskNetwork
}

export interface Relay {
  status(): Promise<RelayStatus>
  /** Resolves once the store has answered, with a write that is on the disk if asked for one. For the watchdog. */
  pulse(write: boolean): Promise<void>
  /** Applies what can be applied while running; answers which keys took effect and which wait for a restart. */
  reload(config: Config): { applied: string[]; needs_restart: string[] }
  /** Where the first run's questions are answered, token and all; null once they are. */
  setupLink(): string | null
  close(): Promise<void>
}

export const VERSION: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version

/**
 * Starts a relay; resolves when every listener is ready.
 * @throws RelayError `machine_unsupported`, `relay_running`, `data_unusable`, `address_unusable`; what had started is closed again
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
    prepareDataDir(dataDir)
    const socketPath = join(dataDir, 'control.sock')
    // Before the store is opened: two relays on one store would sign two feeds with one key.
    await removeStale(socketPath)
    clearLeftovers(dataDir, (err) => log.warn({ err }, 'what a backup or restore left behind stays there'))
    const keys = loadIdentity(join(dataDir, 'secret'))

    const trust = createTimeTrust({ clock, network: overrides.network })
    closers.push(() => trust.close())
    const time = { now, uptime: clock.uptime, trust }
    const kept = { path: join(dataDir, 'db'), keys, ...feedLimits(config) }
    const store = await createStore({ log, now, time }, kept)
    closers.push(() => store.close())

    const recovery = createRecovery({ store, clock, log }, { own: keys.id, mark: join(dataDir, RESTORED) })
    closers.push(() => recovery.close())
    if (recovery.pending()) await store.signIns.forgetAll()
    // where the feed may still be coming back, an empty store is nothing to be alarmed at
    else guardFeed(store.feeds, keys.id, join(dataDir, FEED_BEGUN))

    const setup = createSetup(store)
    const signIn = createSignInBridge(clock, keys.id, store.members.has)
    // sign-ins under way end with a member's sign-ins or membership, too
    closers.push(store.signIns.onCloseAll(signIn.invalidate))
    closers.push(store.members.onChange(({ feed }) => store.members.has(feed) || signIn.invalidate(feed)))
    closers.push(() => signIn.close())

    const listening: Listening = { ...NOTHING_LISTENS }
    const reach = createReach(listening, { id: keys.id, ...config })
    // Never the machine's own name: the page is read by strangers, on an onion above all.
    const name = (): string => store.settings.get().name || config.domain.name || 'Tidepool'
    const expiresDays = (): number => config.invite.expires_days
    const maxBytes = (): number => config.store.max_bytes
    const { addressFor: address, inviteLink, aliasLink } = reach
    const told = { address, inviteLink, aliasLink, expiresDays, name, tunnels: tunnelCaps(config) }
    const peer = await createPeer({ store, keys, log, clock, recovery, signIn }, told)
    closers.push(() => peer.close())
    const asked = { store, peer, recovery, clock, trust, listening, reach }
    const status = createStatus(asked, { version: VERSION, maxBytes })
    const rest = createMemoryRelease(clock)
    closers.push(() => rest.close())
    const lobby = config.matrix.enabled ? () => listening.matrix : null
    const site = createWebComponents(
      {
        store,
        signIn,
        setup,
        log,
        now,
        online: peer.online,
        used: rest.used,
        drawCaptcha: overrides.drawCaptcha,
      },
      { ...{ id: keys.id, roomName: name, hostnames: reach.names, maxBytes, expiresDays }, lobby },
    )

    // From here on it listens, and everything above can be asked; pages first, as links of the SSB side lead to them.
    const pages = await openWebListeners(
      { site, log, clock, fetch: overrides.fetchCertificate },
      {
        web: { ...config.web, proxy: config.domain.proxy, ...siteLimits(config) },
        domain: { ...config.domain, dataDir },
        whois: { ...config.ssb, ...config.whois, required: config.whois.port !== KEYS['whois.port'].default },
      },
    )
    closers.push(() => pages.close())
    const { web, domain } = pages
    Object.assign(listening, { web, domain, whois: pages.whois })
    listening.ssb = await peer.listen({ name: 'public', ...config.ssb })

    if (config.onion.enabled) {
      // Listeners of its own, as all who come through tor have one address: no address is trusted on them, and what
      // their crowd may take is counted apart. They are open to this machine alone.
      const at = { host: '127.0.0.1', port: 0, name: ONION }
      const behind = {
        web: await pages.open(web.handler('onion'), at),
        whois: await pages.open(web.whois('onion'), at),
        ssb: await peer.listen({ ...at, connections: ONION_CONNECTIONS_AT_ONCE }),
      }
      // a relay without one does not carry it
      const { createOnion } = await import('./onion/onion.js')
      const onion = createOnion({ log, clock }, { ...config.onion, dataDir, ...behind })
      listening.onion = onion
      closers.push(() => onion.close())
    }
    if (config.matrix.enabled) {
      const parts = { store, clock, log, name, site: reach.site, domain, used: rest.used, expiresDays }
      const matrix = await openLobby(parts, config, { dataDir, version: VERSION })
      listening.matrix = matrix
      closers.push(() => matrix.close())
    }
    closers.push(startMaintenance({ store, clock, trust, log, also: async () => listening.matrix?.sweep() }))

    function reload(next: Config): { applied: string[]; needs_restart: string[] } {
      const difference = diffConfig(config, next)
      config = { ...config, invite: next.invite, store: next.store, log: next.log }
      log.level = config.log.level
      store.feeds.setLimits(feedLimits(config))
      web.setLimits(siteLimits(config))
      domain.check().catch((err) => log.error({ err }, 'certificate check failed'))
      log.info(difference, 'configuration read again')
      return difference
    }

    // Last, because a client that can open it takes the relay for ready.
    const handlers = createOperator({
      ...{ store, peer, now, status, setup, expiresDays, matrix: () => listening.matrix },
      backup: () => backupBeside(store, keys.id, now(), dataDir),
      ...{ address: reach.address, webUrl: reach.site },
      doctor: ({ rebuild }) => examine({ store, now }, { dataDir, rebuild }),
      recoveryFinish: () => recovery.finish(),
      reload: async () => reload(options.readConfig?.() ?? config),
    })
    const control = await createControl({ handlers, log, clock }, { path: socketPath, version: VERSION })
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
