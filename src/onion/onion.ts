// The relay's onion address, kept up: a tor, a control connection, a service, and all of it again when any of it fails.

import { randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.js'
import { MINUTE, ONION_PORTS, SECOND } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { Controller } from './controller.js'
import { authenticate, KNOWN_COOKIES } from './cookie.js'
import { dialControl } from './dial.js'
import { KEY_FILE, type Loaded, loadKey } from './key.js'
import { offerService, type ServiceState } from './service.js'
import { startTor } from './tor.js'

export interface OnionComponents {
  log: Log
  clock: Clock
  /** a number from 0 up to 1, for the jitter; injected by tests */
  random?: () => number
}

interface HostPort {
  host: string
  port: number
}

export interface OnionOptions {
  /** `onion.key` in it is made where there is none; `tor/` is for a tor of our own */
  dataDir: string
  /** `spawn`, or where a running tor takes control: `unix:PATH`, `HOST:PORT` */
  tor: string
  /** the program to spawn; null looks for `tor` */
  tor_binary: string | null
  /** a file of lines for the torrc of a tor of our own */
  extra_torrc: string | null
  /** the cookie of a running tor; null looks where the system keeps it */
  cookie: string | null
  /** the listeners that the ports of the address lead to */
  web: HostPort
  ssb: HostPort
  whois: HostPort
}

/** How the onion service is. Absent is what is not known yet, or does not apply. */
export type OnionStatus = {
  /**
   * `bootstrapping`: tor builds its first circuits; `publishing`: no directory has our descriptor yet; `published`:
   * clients find us; `reachable`: we have reached ourselves through tor; `degraded`: see `reason`
   */
  state: 'starting' | 'bootstrapping' | 'publishing' | 'published' | 'reachable' | 'degraded'
  /** Unix ms of the last change of state */
  since: number
  address?: string
  /** of tor's start, 0 to 100 */
  progress?: number
  reason?: string
  /** tor's version */
  tor?: string
  /** what tor does for us against floods */
  defences?: readonly string[]
}

export interface Onion {
  status(): OnionStatus
  /** The host name by which clients find us now, or null. */
  name(): string | null
  close(): Promise<void>
}

/** What we fetch of ourselves through tor. */
const LOOK_AT = { port: ONION_PORTS.web, path: '/healthz' }

/** Milliseconds between tries: the first, and the most; doubled each time. */
export const BACK_OFF_MS = [1 * SECOND, 1 * MINUTE] as const
/** Milliseconds that a service must have stood for the next failure to count as a first one. */
export const STEADY_MS = 1 * MINUTE
/** A wait is drawn from this part of it up to all of it, so that relays that lost one network do not return as one. */
const JITTER_LEAST = 0.5

/** Starts keeping the service up; does not wait for it, and fails for no reason: `status` tells. */
export function createOnion(components: OnionComponents, options: OnionOptions): Onion {
  const { log, clock } = components
  const random = components.random ?? (() => randomInt(2 ** 32) / 2 ** 32)
  const keyFile = join(options.dataDir, KEY_FILE)
  const ports = (['web', 'ssb', 'whois'] as const).map((name) => ({
    ...options[name],
    virtual: ONION_PORTS[name],
  }))
  let key: Loaded | null = null
  let service: ServiceState | null = null
  let failure: string | null = null
  let shown: OnionStatus = { state: 'starting', since: clock.now() }
  let isClosed = false
  /** ends what is waited for now, as one that lives as long as the relay would gather all who ever waited */
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
    if (state === 'degraded') log.warn({ reason }, 'onion: degraded')
    else log.info({ state, ...(reason ? { reason } : {}) }, `onion: ${state}`)
  }

  /** The key, read once: whoever puts another in its place means the next start. */
  function ownKey(): Loaded {
    if (key) return key
    key = loadKey(keyFile)
    if (key.tightened) log.warn({ file: keyFile }, 'the onion key could be read by others: no more')
    return key
  }

  /** One life of the service, from nothing to whatever ends it. Answers how long it stood. */
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
      // a tor that is not ours is neither owned nor signalled
      if (tor) await unlessOver(connected.ask((callback) => connected.takeOwnership(callback)))
      offered = await unlessOver(
        offerService(
          { controller: connected, clock, log },
          { key: ownKey(), ports, lookAt: LOOK_AT },
          (state) => {
            if (controller !== connected || isClosed) return
            service = state
            failure = null
            show()
          },
        ),
      )
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
      offered?.close()
      ending?.end()
      await tor?.stop()
    }
  }

  async function keepUp(): Promise<void> {
    const [least, most] = BACK_OFF_MS
    for (let wait: number = least; !isClosed; wait = Math.min(wait * 2, most)) {
      let stood = 0
      try {
        ownKey()
        stood = await live()
      } catch (err) {
        failure = (err as Error).message
      }
      if (isClosed) return
      if (stood >= STEADY_MS) wait = least
      show()
      const delay = wait * (JITTER_LEAST + (1 - JITTER_LEAST) * random())
      await new Promise<void>((resolve) => {
        const stop = clock.after(delay, resolve)
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
    async close() {
      isClosed = true
      interrupt(new Error('closing'))
      await ended
    },
  }
}

/** What one word says of it. */
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
