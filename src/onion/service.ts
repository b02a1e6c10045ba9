// One service at one tor: offered, published, looked after until the control connection is over.

import type { Clock } from '../lib/clock.js'
import { HOUR, MINUTE, SECOND } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { ControlError, type Controller } from './controller.js'
import { KEY_TYPE, type OnionKey } from './key.js'
import { infoOf, type Reply, valueIn } from './replies.js'
import { look, socksAddress } from './socks.js'

/** Where a port of the onion address leads. */
export interface OnionPort {
  virtual: number
  host: string
  port: number
}

export interface ServiceOptions {
  key: OnionKey
  ports: readonly OnionPort[]
  /** what the look from outside asks for */
  lookAt: { port: number; path: string }
}

/** What is known of a service. */
export interface ServiceState {
  /** of tor's own start, 0 to 100 */
  progress: number
  /** a descriptor has been uploaded, so that clients find us */
  uploaded: boolean
  /** whether tor thinks that the network is there */
  live: boolean
  /** whether the last look from outside found us; null before the first, and where there is no SOCKS port */
  reached: boolean | null
  /** what stands in the way, in tor's words or ours */
  trouble: string | null
  /** tor's version */
  tor: string
  /** which defences against floods this tor has taken on */
  defences: readonly string[]
}

export interface Service {
  /** Rejects when the service is no more, with why. */
  failed: Promise<never>
  close(): void
}

/** Milliseconds without progress after which it is said what tor is waiting for. */
export const WAITING_MS = 1 * MINUTE
/** Milliseconds between proofs that tor is there and still has our service. */
export const HEARTBEAT_MS = 30 * SECOND
/** Milliseconds to the first look from outside after publishing, and, doubled each time, after one that failed. */
export const LOOK_AGAIN_MS = 15 * SECOND
/** Milliseconds between looks that succeed. */
export const LOOK_EVERY_MS = HOUR
/** Looks that must fail in a row before we think that nobody reaches us: circuits do fail. */
export const LOOKS = 3
/** Streams on one rendezvous circuit, which is one client: a browser opens some eight, an app a few. */
const STREAMS = 64
/** What a busy service may ask its callers for, best first; an older tor refuses what it does not know. */
const DEFENCES: ReadonlyArray<readonly [names: readonly string[], words: string]> = [
  [['streams', 'proof of work'], ` MaxStreams=${STREAMS} PoWDefensesEnabled=1`],
  [['streams'], ` MaxStreams=${STREAMS}`],
  [[], ''],
]
/** Times an address that is in use at this tor is asked for again: an earlier connection of ours may be dying. */
const COLLISIONS = 5
const COLLISION_MS = 1 * SECOND

/** Events we hear of. */
const EVENTS = ['STATUS_CLIENT', 'STATUS_GENERAL', 'NETWORK_LIVENESS', 'HS_DESC']

/**
 * Offers the service at a tor where we are authenticated.
 * @param changed told of every change of what is known
 * @throws Error where tor refuses
 */
export async function offerService(
  { controller, clock, log }: { controller: Controller; clock: Clock; log: Log },
  { key, ports, lookAt }: ServiceOptions,
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

  /** by uptime, when tor last got any further; and whether it was said since that it does not */
  let moved = clock.uptime()
  let told = false

  /** What tor is waiting for, once it has got no further for a while: it warns of what fails, and not of silence. */
  function waiting(text: string, warning: string | null): string | null {
    const minutes = Math.floor((clock.uptime() - moved) / MINUTE)
    if (clock.uptime() - moved < WAITING_MS) return null
    const step = valueIn(text, 'SUMMARY') ?? 'its first circuit'
    const why = warning ? `${step} (${warning})` : step
    if (!told) log.warn({ progress: state.progress, step, warning }, 'onion: tor is waiting')
    told = true
    return `for ${minutes} min tor has been waiting for this: ${why}; the network here may keep it out`
  }

  const bootstrap = (text: string): void => {
    const progress = Number(valueIn(text, 'PROGRESS') ?? Number.NaN)
    if (!/\bBOOTSTRAP\b/.test(text) || !(progress >= 0 && progress <= 100)) return
    if (progress > state.progress) {
      moved = clock.uptime()
      told = false
    }
    const warning = valueIn(text, 'WARNING')
    const stuck = progress < 100 ? waiting(text, warning) : null
    const trouble = stuck ?? (warning && `tor has trouble to connect: ${warning}`)
    if (progress < 100 || state.progress < 100) set({ progress, trouble })
  }
  controller.on('tor:STATUS_CLIENT', bootstrap)
  controller.on('tor:STATUS_GENERAL', (text) => {
    if (text.includes(' CLOCK_SKEW ')) set({ trouble: 'the clock of this machine is wrong, tor says' })
  })
  controller.on('tor:NETWORK_LIVENESS', (text) => set({ live: text !== 'DOWN' }))
  controller.on('tor:HS_DESC', (text) => {
    const [action, address] = text.split(' ')
    if (address !== id) return
    if (action === 'UPLOADED' && !state.uploaded) {
      set({ uploaded: true, trouble: null })
      lookLater(0)
    } else if (action === 'FAILED' && !state.uploaded) {
      set({ trouble: `a directory refused our descriptor (${valueIn(text, 'REASON') ?? 'unknown'})` })
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
        // not detached: when this connection ends, so does the service, and its successor can have the address
        const reply = await controller.command(`ADD_ONION ${KEY_TYPE}:${key.blob}${words}${lines}`)
        const given = reply.lines.map(({ text }) => valueIn(text, 'ServiceID')).find(Boolean)
        if (given !== id) throw new Error(`tor has another address for our key: ${given}`)
        return names
      } catch (err) {
        const { code, message } = err as ControlError
        if (!(err instanceof ControlError)) throw err
        if (code === 550 && /collision/i.test(message) && ++collisions <= COLLISIONS)
          await new Promise<void>((resolve) => clock.after(COLLISION_MS, resolve))
        else if (code >= 510 && code < 520 && i + 1 < DEFENCES.length) i += 1
        else throw new Error(`tor refuses our service: ${message}`)
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
    if (!onions.split('\n').includes(id)) throw new Error('tor has lost our service')
  }

  function lookLater(ms: number): void {
    stopLooking()
    if (!closed) stopLooking = clock.after(ms, () => void lookNow())
  }

  /** Where tor has a SOCKS port we can tell whether we are reached; where it has none we do not know. */
  async function lookNow(): Promise<void> {
    try {
      const listeners = infoOf(await ask('net/listeners/socks'), 'net/listeners/socks') ?? ''
      const proxy = socksAddress(listeners)
      if (!proxy || closed) return
      await look({ clock }, { proxy, host: key.address, ...lookAt })
      failures = 0
      set({ reached: true, trouble: null })
    } catch (err) {
      if (closed) return
      failures += 1
      const { message } = err as Error
      log.debug({ reason: message, failures }, 'the look at our own onion failed')
      if (failures >= LOOKS)
        set({ reached: false, trouble: `we do not reach ourselves through tor: ${message}` })
    }
    if (closed) return
    lookLater(failures > 0 ? Math.min(LOOK_EVERY_MS, LOOK_AGAIN_MS * 2 ** (failures - 1)) : LOOK_EVERY_MS)
  }

  return {
    failed,
    close() {
      closed = true
      stopLooking()
    },
  }
}
