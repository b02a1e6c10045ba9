// The `shs` transform of secret-stack: the secret handshake over a link, under a deadline, then the secured stream.

import { HANDSHAKE_TIMEOUT_MS, HANDSHAKES_AT_ONCE } from '../../lib/limits.js'
import { createThrottledLog, type Log } from '../../lib/log.js'
import { feedIdOf } from '../../ssb/feed-id.js'
import type { Admission } from '../session.js'
import {
  createServerIdentity,
  HELLO_BYTES,
  PROOF_BYTES,
  ServerHandshake,
  type ServerIdentity,
} from './handshake.js'
import type { Link } from './link.js'
import { loadSecretbox } from './sealing.js'
import { Secured } from './secured.js'
import { OpenStreams } from './streams.js'

export interface ShsOptions {
  keys: { publicKey: Buffer; secretKey: Buffer }
  appKey: Buffer
  /** Decides who may come in; rejecting refuses in the handshake. */
  admit(id: string, link: Link): Promise<Admission>
  /** Tunnels one peer may have open; by default none. */
  tunnels?: number
  /** Milliseconds a caller has; by default the limit. */
  timeout?: number
}

/** What secret-stack's `multiserver.transform` takes. */
export function createShsTransform({ log }: { log: Log }, options: ShsOptions) {
  const sealing = loadSecretbox()
  const identity = createServerIdentity(options.keys, options.appKey)
  const timeout = options.timeout ?? HANDSHAKE_TIMEOUT_MS
  /** links in the handshake, oldest first, by listener: a crowd at one takes no place from those at another */
  const shakingAt = new Map<string, Set<Link>>()
  const tell = createThrottledLog(log, () => performance.now())
  const streams = new OpenStreams(options.tunnels ?? 0, () =>
    tell('warn', 'too many calls at once: the connection with most of them was cut'),
  )

  function accept(link: Link, done: (err: Error | null, stream?: unknown) => void): void {
    const shaking = shakingAt.get(link.listener) ?? new Set<Link>()
    shakingAt.set(link.listener, shaking)
    if (shaking.size >= HANDSHAKES_AT_ONCE) {
      // The oldest gives way: who is slow to prove itself must not keep out those who are not.
      tell('warn', 'too many handshakes at once: the oldest gave way')
      shaking.values().next().value?.destroy()
    }
    shaking.add(link)
    shake(link, identity, timeout, options.admit)
      .finally(() => {
        shaking.delete(link)
      })
      .then(
        ({ admission, ...shaken }) => {
          if (!link.closed) done(null, new Secured({ sealing, link, admission, streams, ...shaken }))
        },
        (err: Error) => {
          log.debug({ reason: err.message, listener: link.listener }, 'handshake refused')
          link.destroy()
        },
      )
      .catch((err: unknown) => {
        tell('error', 'a handshake failed', { err })
        link.destroy()
      })
  }

  return {
    transform: {
      name: 'shs',
      create: () => ({
        name: 'shs',
        create: () => accept,
        parse: () => null,
        stringify: () => null,
        publicKey: options.keys.publicKey,
      }),
    },
  }
}

/** Runs one handshake. It rejects with whatever ended it, `admit`'s refusal among them; the link is left to the caller. */
async function shake(link: Link, identity: ServerIdentity, timeout: number, admit: ShsOptions['admit']) {
  // One deadline for all of it, so that a caller who sends a byte now and then gains nothing.
  const deadline = setTimeout(() => link.destroy(), timeout)
  const reader = createReader(link)
  try {
    const handshake = new ServerHandshake(identity)
    const hello = handshake.hello(await reader.read(HELLO_BYTES))
    if (!hello) throw new Error('the hello is not of this network')
    link.send(hello)
    const remote = handshake.prove(await reader.read(PROOF_BYTES))
    if (!remote) throw new Error('the proof does not hold')
    clearTimeout(deadline)
    const admission = await admit(feedIdOf(remote), link)
    if (link.closed) throw new Error('hung up')
    link.send(handshake.accept())
    return { admission, keys: handshake.finish(), rest: reader.rest() }
  } finally {
    clearTimeout(deadline)
  }
}

/** Takes bytes of a link in the lengths a handshake wants them. */
function createReader(link: Link) {
  let left: Buffer = Buffer.alloc(0)
  return {
    async read(length: number): Promise<Buffer> {
      while (left.length < length) {
        const chunk = await new Promise<Buffer>((resolve, reject) => {
          link.receive((end, data) => {
            if (data) resolve(data)
            else reject(end instanceof Error ? end : new Error('hung up'))
          })
        })
        left = left.length > 0 ? Buffer.concat([left, chunk]) : chunk
      }
      const bytes = left.subarray(0, length)
      left = left.subarray(length)
      return bytes
    },
    /** What came beyond: the first boxes of a client in a hurry. */
    rest: () => (left.length > 0 ? left : null),
  }
}
