// SPDX-License-Identifier: AGPL-3.0-or-later
// Offers the onion service at a tor and watches it until the control connection ends.

import type { Clock } from '../lib/clock.js'
import { HOUR, MINUTE, SECOND } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { ControlError, type Controller } from './controller.js'
import { KEY_TYPE, type OnionKey } from './key.js'
import { infoOf, type Reply, valueIn } from './replies.js'
import { look, type SocksProxy, socksAddress } from './socks.js'

/** A port of the onion address and its local target. */
export interface OnionPort {
  virtual: number
  host: string
  port: number
}

export interface ServiceOptions {
  key: OnionKey
  ports: readonly OnionPort[]
  /** the page that the self-check fetches */
  lookAt: { port: number; path: string }
  /** path of a socket that a spawned tor can open for SOCKS; null for a tor of others */
  socks: string | null
}

/** State of a service. */
export interface ServiceState {
  /** bootstrap progress of tor, 0 to 100 */
  progress: number
  /** a descriptor was uploaded, so clients can find the service */
  uploaded: boolean
  /** whether tor considers the network up */
  live: boolean
  /** result of the last self-check; null before the first, and without a SOCKS port */
  reached: boolean | null
  /** the current problem */
  trouble: string | null
  /** tor's version */
  tor: string
  /** defences against floods that this tor supports */
  defences: readonly string[]
}

export interface Service {
  /** Rejects with the reason when the service has ended. */
  failed: Promise<never>
  /** Tor's SOCKS port. A spawned tor opens one at the first call. @throws Error if there is none */
  proxy(): Promise<SocksProxy>
  close(): void
}

/** Warnings of tor that are codes: why a connection to a tor relay ended. Its other warnings are sentences. */
const CONNECTION_ENDS: ReadonlyMap<string, string> = new Map([
  ['DONE', 'the connection was closed'],
  ['IDENTITY', 'another machine answered for a tor relay'],
  ['IOERROR', 'the connection failed'],
  ['MISC', 'no reason given'],
  ['PT_MISSING', 'the program for the bridges is missing'],
  ['RESOURCELIMIT', 'too many connections'],
  ['TIMEOUT', 'no answer'],
  ['TLS_ERROR', 'encryption failed'],
])

/** Milliseconds without progress after which the reason reports what tor waits for. */
export const WAITING_MS = 1 * MINUTE
/** Milliseconds between checks that tor answers and still has the service. */
export const HEARTBEAT_MS = 30 * SECOND
/** Milliseconds to the first self-check after publishing and to the next after a failure, doubled each time. */
export const LOOK_AGAIN_MS = 15 * SECOND
/** Milliseconds between successful self-checks. */
export const LOOK_EVERY_MS = HOUR
/** Failed self-checks in a row before the service counts as unreachable: single circuits do fail. */
export const LOOKS = 3
/** Streams per rendezvous circuit, that is per client: a browser opens some eight, an app a few. */
const STREAMS = 64
/** ADD_ONION options against floods, best first: an older tor rejects unknown ones. */
const DEFENCES: ReadonlyArray<readonly [names: readonly string[], words: string]> = [
  [['streams', 'proof of work'], ` MaxStreams=${STREAMS} PoWDefensesEnabled=1`],
  [['streams'], ` MaxStreams=${STREAMS}`],
  [[], ''],
]
/** Retries if the address is in use at this tor: an earlier connection may still be closing. */
const COLLISIONS = 5
const COLLISION_MS = 1 * SECOND

/** Events to subscribe to. */
const EVENTS = ['STATUS_CLIENT', 'STATUS_GENERAL', 'NETWORK_LIVENESS', 'HS_DESC']

/**
 * Offers the service over an authenticated control connection.
 * @param changed called at every change of state
 * @throws Error if tor rejects the service
 */
export async function offerService(
  { controller, clock, log }: { controller: Controller; clock: Clock; log: Log },
  { key, ports, lookAt, socks }: ServiceOptions,
  changed: (state: ServiceState) => void,
): Promise<Service> {
  const id = key.address.replace(/\.onion$/, '')
  const state: ServiceState = {
    ...{ progress: 0, uploaded: false, live: true, reached: null, trouble: null, tor: '', defences: [] },
  }
  const set = (more: Partial<ServiceState>): void => changed({ ...Object.assign(state, more) })
  const ask = (keywords: string): Promise<Reply> =>
    controller.ask((callback) => controller.getInfo(keywords, callback))

  let closed = false
  let stopLooking = (): void => {}
  let failures = 0

  /** uptime of tor's last progress, and whether the lack of progress since was reported */
  let moved = clock.uptime()
  let told = false

  /** Reports what tor waits for after a minute without progress: tor reports failures, but no silence. */
  function waiting(text: string, warning: string | null): string | null {
    const minutes = Math.floor((clock.uptime() - moved) / MINUTE)
    if (clock.uptime() - moved < WAITING_MS) return null
    const step = valueIn(text, 'SUMMARY') ?? 'its first circuit'
    const why = warning ? `${step} (${warning})` : step
    if (!told) log.warn({ progress: state.progress, step, warning }, 'tor is waiting')
    told = true
    return `no progress of tor for ${minutes} min, it waits for: ${why}; check network and clock, or set bridges in onion.extra_torrc`
  }

  const bootstrap = (text: string): void => {
    const progress = Number(valueIn(text, 'PROGRESS') ?? Number.NaN)
    if (!/\bBOOTSTRAP\b/.test(text) || !(progress >= 0 && progress <= 100)) return
    if (progress > state.progress) {
      moved = clock.uptime()
      told = false
    }
    const given = valueIn(text, 'WARNING')
    const warning = given && (CONNECTION_ENDS.get(given) ?? given)
    const stuck = progress < 100 ? waiting(text, warning) : null
    const trouble = stuck ?? (warning && `tor cannot connect: ${warning}`)
    if (progress < 100 || state.progress < 100) set({ progress, trouble })
  }
  controller.on('tor:STATUS_CLIENT', bootstrap)
  controller.on('tor:STATUS_GENERAL', (text) => {
    if (text.includes(' CLOCK_SKEW '))
      set({ trouble: 'the clock of this machine is wrong, according to tor' })
  })
  controller.on('tor:NETWORK_LIVENESS', (text) => set({ live: text !== 'DOWN' }))
  controller.on('tor:HS_DESC', (text) => {
    const [action, address] = text.split(' ')
    if (address !== id) return
    if (action === 'UPLOADED' && !state.uploaded) {
      set({ uploaded: true, trouble: null })
      lookLater(0)
    } else if (action === 'FAILED' && !state.uploaded) {
      set({ trouble: `a directory rejected the descriptor (${valueIn(text, 'REASON') ?? 'unknown'})` })
    }
  })
  await controller.ask((callback) => controller.addEventListeners(EVENTS, callback))
  const first = await ask('version status/bootstrap-phase')
  set({ tor: (infoOf(first, 'version') ?? '').split(' ')[0] ?? '' })
  bootstrap(infoOf(first, 'status/bootstrap-phase') ?? '')
  set({ defences: await add() })

  async function add(): Promise<readonly string[]> {
    const lines = ports.map(({ virtual, host, port }) => ` Port=${virtual},${host}:${port}`).join('')
    let collisions = 0
    for (let i = 0; ; ) {
      const [names, words] = DEFENCES[i] as (typeof DEFENCES)[number]
      try {
        // not detached: the service ends with this connection, and the next one can use the address
        const reply = await controller.command(`ADD_ONION ${KEY_TYPE}:${key.blob}${words}${lines}`)
        const given = reply.lines.map(({ text }) => valueIn(text, 'ServiceID')).find(Boolean)
        if (given !== id) throw new Error(`tor computes another address for the key: ${given}`)
        return names
      } catch (err) {
        const { code, message } = err as ControlError
        if (!(err instanceof ControlError)) throw err
        if (code === 550 && /collision/i.test(message) && ++collisions <= COLLISIONS)
          await new Promise<void>((resolve) => clock.after(COLLISION_MS, resolve))
        else if (code >= 510 && code < 520 && i + 1 < DEFENCES.length) i += 1
        else throw new Error(`tor rejects the service: ${message}`)
      }
    }
  }

  const failed = new Promise<never>((_, reject) => {
    void controller.ended.then(reject)
    const stop = clock.every(HEARTBEAT_MS, () => {
      beat().catch(reject)
    })
    void controller.ended.then(stop)
  })
  failed.catch(() => {})

  async function beat(): Promise<void> {
    const reply = await ask('status/bootstrap-phase')
    bootstrap(infoOf(reply, 'status/bootstrap-phase') ?? '')
    const onions = infoOf(await ask('onions/current'), 'onions/current') ?? ''
    if (!onions.split('\n').includes(id)) throw new Error('tor has lost the service')
  }

  async function knownProxy(): Promise<SocksProxy | null> {
    return socksAddress(infoOf(await ask('net/listeners/socks'), 'net/listeners/socks') ?? '')
  }

  async function proxy(): Promise<SocksProxy> {
    const known = await knownProxy()
    if (known) return known
    if (socks === null) throw new Error('tor has no SOCKS port: set SocksPort in its torrc')
    await controller.command(`SETCONF SocksPort=${JSON.stringify(`unix:${JSON.stringify(socks)}`)}`)
    return { path: socks }
  }

  function lookLater(ms: number): void {
    stopLooking()
    if (!closed) stopLooking = clock.after(ms, () => void lookNow())
  }

  /** Checks through tor's SOCKS port whether the service is reachable; without one that stays unknown. */
  async function lookNow(): Promise<void> {
    try {
      const proxy = await knownProxy()
      if (!proxy || closed) return
      await look({ clock }, { proxy, host: key.address, ...lookAt })
      failures = 0
      set({ reached: true, trouble: null })
    } catch (err) {
      if (closed) return
      failures += 1
      const { message } = err as Error
      log.debug({ reason: message, failures }, 'onion self-check failed')
      if (failures >= LOOKS)
        set({ reached: false, trouble: `the relay does not reach itself through tor: ${message}` })
    }
    if (closed) return
    lookLater(failures > 0 ? Math.min(LOOK_EVERY_MS, LOOK_AGAIN_MS * 2 ** (failures - 1)) : LOOK_EVERY_MS)
  }

  return {
    failed,
    proxy,
    close() {
      closed = true
      stopLooking()
    },
  }
}
