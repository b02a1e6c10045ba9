// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps the onion service up: starts tor, connects, offers the service, and starts again when any of these fails.

import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createBackOff } from '../lib/back-off.js'
import type { Clock } from '../lib/clock.js'
import { MINUTE, ONION_PORTS, SECOND } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { Controller } from './controller.js'
import { authenticate, KNOWN_COOKIES } from './cookie.js'
import { dialControl } from './dial.js'
import { KEY_FILE, type Loaded, loadKey } from './key.js'
import { offerService, type Service, type ServiceState } from './service.js'
import { connectThrough } from './socks.js'
import { SOCKS_FILE, startTor } from './tor.js'

export interface OnionComponents {
  log: Log
  clock: Clock
  /** random number in [0, 1] for the waits; injected by tests */
  random?: () => number
}

interface HostPort {
  host: string
  port: number
}

export interface OnionOptions {
  /** contains `onion.key`, created if missing, and `tor/` for a spawned tor */
  dataDir: string
  /** `spawn`, or the control port of a running tor: `unix:PATH`, `HOST:PORT` */
  tor: string
  /** the program to spawn; null for `tor` in the path */
  tor_binary: string | null
  /** file with further lines for the spawned tor's torrc */
  extra_torrc: string | null
  /** cookie file of a running tor; null for the known paths */
  cookie: string | null
  /** local listeners for the ports of the onion address */
  web: HostPort
  ssb: HostPort
  whois: HostPort
}

/** State of the onion service. Fields that are unknown or do not apply are absent. */
export type OnionStatus = {
  /**
   * `bootstrapping`: tor builds its first circuits; `publishing`: no directory has the descriptor yet; `published`:
   * clients can find it; `reachable`: the relay has reached itself through tor; `degraded`: see `reason`
   */
  state: 'starting' | 'bootstrapping' | 'publishing' | 'published' | 'reachable' | 'degraded'
  /** Unix ms of the last change of state */
  since: number
  address?: string
  /** bootstrap progress of tor, 0 to 100 */
  progress?: number
  reason?: string
  /** tor's version */
  tor?: string
  /** tor's active defences against floods */
  defences?: readonly string[]
}

export interface Onion {
  status(): OnionStatus
  /** The published host name; null if none. */
  name(): string | null
  /** Connects to an onion service through tor. @throws Error with the reason of the failure */
  connect(at: HostPort): Promise<Socket>
  close(): Promise<void>
}

/** The page that the relay fetches of itself through tor. */
const LOOK_AT = { port: ONION_PORTS.web, path: '/healthz' }

/** Milliseconds between attempts: first and longest. */
export const BACK_OFF_MS = [1 * SECOND, 1 * MINUTE] as const
/** Milliseconds of service after which the back-off starts from the beginning. */
export const STEADY_MS = 1 * MINUTE

/** Starts the service in the background; never throws. `status` reports failures. */
export function createOnion(components: OnionComponents, options: OnionOptions): Onion {
  const { log, clock } = components
  const keyFile = join(options.dataDir, KEY_FILE)
  const ports = (['web', 'ssb', 'whois'] as const).map((name) => ({
    ...options[name],
    virtual: ONION_PORTS[name],
  }))
  let key: Loaded | null = null
  let service: ServiceState | null = null
  let failure: string | null = null
  /** the service while it is offered */
  let running: Service | null = null
  let shown: OnionStatus = { state: 'starting', since: clock.now() }
  let isClosed = false
  /** ends the current wait; one promise for the relay's whole life would collect a reaction per wait */
  let interrupt: (why: Error) => void = () => {}

  function show(): void {
    const { state, reason } = judge(service, failure)
    const since = state === shown.state ? shown.since : clock.now()
    const news = state !== shown.state || (state === 'degraded' && reason !== shown.reason)
    shown = {
      state,
      since,
      ...(key ? { address: key.address } : {}),
      ...(state === 'bootstrapping' ? { progress: service?.progress ?? 0 } : {}),
      ...(reason ? { reason } : {}),
      ...(service?.tor ? { tor: service.tor, defences: service.defences } : {}),
    }
    if (!news) return
    if (state === 'degraded') log.warn({ reason }, 'onion degraded')
    else log.info({ state, ...(reason ? { reason } : {}) }, 'onion state changed')
  }

  /** The key, read once per start. */
  function ownKey(): Loaded {
    if (key) return key
    key = loadKey(keyFile)
    if (key.tightened) log.warn({ file: keyFile }, 'onion key was readable by others, mode corrected')
    return key
  }

  /** Runs the service until it fails. @returns the milliseconds for which it was offered */
  async function live(): Promise<number> {
    const tor =
      options.tor === 'spawn'
        ? startTor(components, {
            dir: join(options.dataDir, 'tor'),
            binary: options.tor_binary ?? 'tor',
            extra: options.extra_torrc,
          })
        : null
    const over = new Promise<never>((_, reject) => {
      interrupt = reject
    })
    over.catch(() => {})
    void tor?.ended.then(interrupt)
    const unlessOver = <T>(promise: Promise<T>): Promise<T> => Promise.race([over, promise])
    let controller: Controller | null = null
    let offered: Awaited<ReturnType<typeof offerService>> | null = null
    let began: number | null = null
    try {
      const dialled = tor ? tor.control() : dialControl(options.tor)
      const wire: Socket = await unlessOver(dialled).catch((err) => {
        dialled.then((late) => late.destroy()).catch(() => {})
        throw err
      })
      const connected = new Controller(wire, { clock })
      controller = connected
      const cookies = tor ? [tor.cookie] : options.cookie ? [options.cookie] : KNOWN_COOKIES
      await unlessOver(authenticate(connected, cookies))
      // only a spawned tor is owned
      if (tor) await unlessOver(connected.ask((callback) => connected.takeOwnership(callback)))
      offered = await unlessOver(
        offerService(
          { controller: connected, clock, log },
          {
            ...{ key: ownKey(), ports, lookAt: LOOK_AT },
            socks: tor ? join(options.dataDir, 'tor', SOCKS_FILE) : null,
          },
          (state) => {
            if (controller !== connected || isClosed) return
            service = state
            failure = null
            show()
          },
        ),
      )
      running = offered
      began = clock.uptime()
      await unlessOver(offered.failed)
      return 0
    } catch (err) {
      failure = (err as Error).message
      return began === null ? 0 : clock.uptime() - began
    } finally {
      const ending = controller
      controller = null
      service = null
      running = null
      offered?.close()
      ending?.end()
      await tor?.stop()
    }
  }

  async function keepUp(): Promise<void> {
    const backOff = createBackOff(BACK_OFF_MS, components.random)
    while (!isClosed) {
      let stood = 0
      try {
        ownKey()
        stood = await live()
      } catch (err) {
        failure = (err as Error).message
      }
      if (isClosed) return
      if (stood >= STEADY_MS) backOff.reset()
      show()
      await new Promise<void>((resolve) => {
        const stop = clock.after(backOff.next(), resolve)
        interrupt = () => {
          stop()
          resolve()
        }
      })
    }
  }

  const ended = keepUp()
  return {
    status: () => ({ ...shown }),
    name: () => (key && service?.uploaded ? key.address : null),
    async connect(at) {
      if (!running) throw new Error('tor is not up')
      return connectThrough(components, { proxy: await running.proxy(), ...at })
    },
    async close() {
      isClosed = true
      interrupt(new Error('closing'))
      await ended
    },
  }
}

/** The state in one word, and its reason. */
function judge(
  service: ServiceState | null,
  failure: string | null,
): { state: OnionStatus['state']; reason: string | null } {
  if (!service) return { state: failure ? 'degraded' : 'starting', reason: failure }
  const reason = service.trouble
  if (service.progress < 100) return { state: 'bootstrapping', reason }
  if (!service.live) return { state: 'degraded', reason: 'tor finds no network' }
  if (!service.uploaded) return { state: 'publishing', reason }
  if (service.reached === false) return { state: 'degraded', reason }
  return { state: service.reached ? 'reachable' : 'published', reason }
}
