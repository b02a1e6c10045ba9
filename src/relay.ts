// The composition root: builds every part, passes each what it needs, and closes them in reverse order.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, diffConfig, KEYS } from './config/config.js'
import { type Clock, systemClock } from './lib/clock.js'
import { BACKUP_PREFIX, clearLeftovers, FEED_BEGUN, prepareDataDir, RESTORED } from './lib/data-directory.js'
import { DAY, ONION_CONNECTIONS_AT_ONCE, SECOND } from './lib/limits.js'
import type { Log } from './lib/log.js'
import { createMemoryRelease } from './lib/memory-release.js'
import { reachableHost, requireFitMachine } from './lib/platform.js'
import type { Onion } from './onion/onion.js'
import { examine } from './operator/health-checks.js'
import { createOperator } from './operator/methods.js'
import type { Addresses, BackupInfo, RelayStatus } from './operator/protocol.js'
import { createSetup } from './operator/room-setup.js'
import { createControl, removeStale } from './operator/server.js'
import { createPeer } from './peer/peer.js'
import { createRecovery } from './peer/recovery.js'
import { createSignInBridge } from './room/sign-in.js'
import { formatInviteCode, type HostPort } from './ssb/invite-code.js'
import { aliasLink, inviteLink } from './ssb/links.js'
import { writeBackup } from './store/backup.js'
import { startMaintenance } from './store/housekeeping.js'
import { guardFeed, loadIdentity } from './store/identity.js'
import { createStore, type Store } from './store/store.js'
import { multiserverAddress, siteAt, ssbPortAt } from './web/address.js'
import {
  createWeb,
  type DrawnRiddle,
  type FetchCertificate,
  listen,
  openDomain,
  type RelayNames,
} from './web/app.js'

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
  riddles?: () => Promise<DrawnRiddle>
  fetchCertificate?: FetchCertificate
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
 * @throws RelayError `machine_unsupported`, `relay_running`, `data_unusable`, `address_unusable`; whatever had started is closed again
 */
export async function createRelay(options: RelayOptions, overrides: RelayOverrides = {}): Promise<Relay> {
  const { dataDir, log } = options
  const clock = overrides.clock ?? systemClock
  const { now } = clock
  let config = options.config
  const closers: Array<() => unknown> = []
  const started = clock.uptime()

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

    const store = await createStore({ log, now }, { path: join(dataDir, 'db'), keys, ...feedLimits(config) })
    closers.push(() => store.close())

    const recovery = createRecovery({ store, clock, log }, { own: keys.id, mark: join(dataDir, RESTORED) })
    closers.push(() => recovery.close())
    if (recovery.pending()) await store.signIns.forgetAll()
    // where the feed may still be coming back, an empty store is nothing to be alarmed at
    else guardFeed(store.feeds, keys.id, join(dataDir, FEED_BEGUN))

    const { settings } = store
    const setup = createSetup(store)
    // Never the machine's own name: the page is read by strangers, on an onion above all.
    const name = (): string => settings.get().name || config.domain.name || 'Tidepool'
    const signIn = createSignInBridge(clock, keys.id, store.members.has)
    // who is signed out everywhere, or no member any more, is so in sign-ins under way, too
    closers.push(store.signIns.onCloseAll(signIn.invalidate))
    closers.push(store.members.onChange(({ feed }) => store.members.has(feed) || signIn.invalidate(feed)))
    closers.push(() => signIn.close())
    // `web` and `domain` are there before anybody can ask
    const links = {
      inviteLink: (seed: Buffer, by: string): string => inviteLink(site(onionAt(by)), seed),
      aliasLink(alias: string, by: string): string {
        const at = site(onionAt(by))
        return aliasLink(at, alias, config.domain.alias_subdomains && at === domain.url())
      },
    }
    const peer = await createPeer(
      { store, keys, log, clock, recovery, signIn },
      {
        address: (listener) => addressAt(listener),
        expiresDays: () => config.invite.expires_days,
        ...links,
        name,
        tunnels: {
          total: config.room.tunnels,
          perPeer: config.room.tunnels_per_peer,
          bytes: config.room.tunnel_bytes,
          ms: config.room.tunnel_seconds * SECOND,
        },
      },
    )
    closers.push(() => peer.close())
    const ssb = await peer.listen({ name: 'public', ...config.ssb })

    let onion: Onion | null = null
    /** The address that an invite names: the onion's for who came through it or asks for it, else the best of ours. */
    const address = (host?: string): HostPort => {
      const named = host ?? (config.domain.name || reachableHost(config.ssb.host))
      return { host: named, port: ssbPortAt(named, { ssbPort: ssb.port }) }
    }
    const onionAt = (listener: string) => (listener === ONION && onion?.name()) || undefined
    const addressAt = (listener: string): HostPort => address(onionAt(listener))
    const invitesExpire = (): number => Math.trunc(now() + config.invite.expires_days * DAY)

    const status = (): RelayStatus => ({
      id: peer.id,
      pid: process.pid,
      version: VERSION,
      mode: settings.get().mode,
      name: settings.get().name,
      uptime_s: Math.round((clock.uptime() - started) / 1000),
      recovering: recovery.pending(),
      addresses: addresses(),
      members: store.members.count(),
      online: peer.online().length,
      tunnels: peer.tunnels(),
      ...kept(store),
      max_bytes: config.store.max_bytes,
      db_bytes: store.bytes(),
      rss_bytes: process.memoryUsage.rss(),
      https: domain.status(),
      onion: onion?.status() ?? { state: 'disabled' },
    })
    const names = (): RelayNames => ({
      domain: config.domain.name || null,
      onion: onion?.name() ?? null,
      ssbPort: ssb.port,
      listening: true,
      aliasSubdomains: config.domain.alias_subdomains,
    })
    const site = (host?: string): string => siteAt(host, { ...names(), https: domain.url(), plain: web })
    const addresses = (): Addresses => ({
      ssb: [address().host, onion?.name() ?? []]
        .flat()
        .map((host) => multiserverAddress(host, peer, { ssbPort: ssb.port })),
      web: web.url,
      https: domain.url(),
      onion: onion?.name() ? `http://${onion.name()}/` : null,
      whois: whois?.url ?? null,
    })

    // all at once: each may have callers that it waits for
    const listeners: Array<{ close(): Promise<void> }> = []
    closers.push(() => Promise.all(listeners.map((each) => each.close())))
    const rest = createMemoryRelease(clock)
    closers.push(() => rest.close())
    const web = await createWeb(
      {
        used: rest.used,
        log,
        now,
        ...(overrides.riddles ? { riddles: overrides.riddles } : {}),
        async mintInvite(at) {
          const { invite, seed } = await store.invites.create({ expires: invitesExpire(), by: 'riddle' })
          return { code: formatInviteCode({ ...at, relay: peer.id, seed }), expires: invite.expires }
        },
        room: {
          ...{ store, signIn, online: peer.online },
          maxBytes: () => config.store.max_bytes,
        },
        knock: (feed, note) => store.knocks.leave(feed, note, invitesExpire()),
        setup,
        face: () => ({
          id: peer.id,
          name: name(),
          description: settings.get().description,
          mode: settings.get().mode,
          online: peer.online().length,
          members: store.members.count(),
        }),
        invites: store.invites,
        alias: (name) => {
          const held = store.aliases.get(name)
          return held && { ...held, online: peer.online().includes(held.owner) }
        },
        names,
      },
      {
        ...config.web,
        proxy: config.domain.proxy,
        captcha: config.invite.captcha,
        perHour: config.invite.per_hour,
        expiresDays: config.invite.expires_days,
      },
    )
    listeners.push(web)

    const domain = await openDomain(
      { handler: web.handler('domain'), log, clock, fetch: overrides.fetchCertificate },
      { ...config.domain, dataDir },
    )
    listeners.push(domain)

    const whoisAt = { host: config.ssb.host, port: config.whois.port, name: 'whois' }
    const whois = await listen(web.whois('local'), whoisAt).catch((err) => {
      // Somebody else's room on this machine, say: everything but looking us up by host alone works without.
      if (config.whois.port !== KEYS['whois.port'].default) throw err
      log.warn({ err }, 'no whois port: clients cannot find the room by its host alone')
      return null
    })
    if (whois) listeners.push(whois)

    if (config.onion.enabled) {
      const loopback = { host: '127.0.0.1', port: 0 }
      // Listeners of its own, as all who come through tor have one address: no address is trusted on them, and what
      // their crowd may take is counted apart. They are open to this machine alone.
      const pages = await listen(web.handler('onion'), { ...loopback, name: ONION })
      const lookups = await listen(web.whois('onion'), { ...loopback, name: ONION })
      listeners.push(pages, lookups)
      const connections = ONION_CONNECTIONS_AT_ONCE
      const apps = await peer.listen({ ...loopback, name: ONION, connections })
      // a relay without one does not carry it
      const { createOnion } = await import('./onion/onion.js')
      const kept = createOnion(
        { log, clock },
        { ...config.onion, dataDir, web: pages, ssb: apps, whois: lookups },
      )
      onion = kept
      closers.push(() => kept.close())
    }

    closers.push(startMaintenance({ store, clock, log }))

    function setupLink(): string | null {
      const { setup_token } = setup.info()
      return setup_token === null ? null : `${web.url}/setup?token=${setup_token}`
    }

    function reload(next: Config): { applied: string[]; needs_restart: string[] } {
      const difference = diffConfig(config, next)
      config = { ...config, invite: next.invite, store: next.store, log: next.log }
      log.level = config.log.level
      store.feeds.setLimits(feedLimits(config))
      web.setLimits({
        captcha: config.invite.captcha,
        perHour: config.invite.per_hour,
        expiresDays: config.invite.expires_days,
      })
      domain.look().catch((err) => log.error({ err }, 'the certificate was not looked at'))
      log.info(difference, 'configuration read again')
      return difference
    }

    /** A copy beside the store, where there is room if anywhere; the operator's command packs it and removes it. */
    async function backup(): Promise<BackupInfo> {
      const dir = mkdtempSync(join(dataDir, BACKUP_PREFIX))
      try {
        return { dir, ...(await writeBackup(store, keys.id, now(), dir)) }
      } catch (err) {
        rmSync(dir, { recursive: true, force: true })
        throw err
      }
    }

    // Last, because whoever can open it takes the relay for ready.
    const handlers = createOperator({
      store,
      peer,
      now,
      status,
      address,
      webUrl: site,
      expiresDays: () => config.invite.expires_days,
      setup,
      doctor: ({ rebuild }) => examine({ store, now }, { dataDir, rebuild }),
      backup,
      recoveryFinish: () => recovery.finish(),
      reload: async () => reload(options.readConfig?.() ?? config),
    })
    const control = await createControl({ handlers, log, clock }, { path: socketPath, version: VERSION })
    closers.push(() => control.close())
    return { status: async () => status(), pulse: store.pulse, reload, setupLink, close }
  } catch (err) {
    await close()
    throw err
  }
}

function kept({ feeds }: Store): Pick<RelayStatus, 'feeds' | 'messages' | 'message_bytes'> {
  const { bytes, ...counts } = feeds.totals()
  return { ...counts, message_bytes: bytes }
}

function feedLimits({ store }: Config): { maxBytes: number; maxFeedBytes: number } {
  return { maxBytes: store.max_bytes, maxFeedBytes: store.max_feed_bytes }
}

/** What the onion's listeners are called. */
const ONION = 'onion'
