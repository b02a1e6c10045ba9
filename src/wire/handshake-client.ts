// SPDX-License-Identifier: AGPL-3.0-or-later
// The client's half of the secret handshake (protocol guide, "Handshake"), for connections that the relay opens.

import type { Socket } from 'node:net'
import { HANDSHAKE_TIMEOUT_MS } from '../lib/limits.js'
import type { Receiver, WireConnection } from './connection.js'
import { EncryptedConnection } from './encrypted-connection.js'
import {
  ACCEPTANCE_BYTES,
  agree,
  type BoxKeys,
  boxKeys,
  curveKey,
  HELLO_BYTES,
  type KeyPair,
  wipe,
  ZEROS,
} from './handshake.js'
import { handshakeCrypto as crypto } from './handshake-crypto.js'
import { loadSecretbox } from './secretbox.js'
import { TcpConnection } from './tcp-connection.js'

const KEY_BYTES = 32
const NONE: Buffer = Buffer.alloc(0)

/** One handshake. Call the steps in this order; each returns null if the server is not the expected one. */
export class ClientHandshake {
  private readonly ephemeral = crypto.crypto_box_keypair()
  private readonly localMac: Buffer
  private remoteMac = NONE
  private sharedHash = NONE
  private proof = NONE
  private boxSecret = NONE

  /** @param server the server's public key */
  constructor(
    private readonly keys: KeyPair,
    private readonly appKey: Buffer,
    private readonly server: Buffer,
  ) {
    this.localMac = crypto.crypto_auth(this.ephemeral.publicKey, appKey)
  }

  hello(): Buffer {
    return Buffer.concat([this.localMac, this.ephemeral.publicKey])
  }

  /** Takes the server's hello; returns our proof. */
  prove(bytes: Buffer): Buffer | null {
    const { appKey, server, keys, ephemeral } = this
    const remoteMac = Buffer.from(bytes.subarray(0, KEY_BYTES))
    const remoteKey = Buffer.from(bytes.subarray(KEY_BYTES))
    if (bytes.length !== HELLO_BYTES || crypto.crypto_auth_verify(remoteMac, remoteKey, appKey) !== 0)
      return null
    const theirs = curveKey(server)
    const shared = agree(ephemeral.secretKey, remoteKey)
    const toThem = theirs && agree(ephemeral.secretKey, theirs)
    const toUs = agree(crypto.crypto_sign_ed25519_sk_to_curve25519(keys.secretKey), remoteKey)
    if (!shared || !toThem || !toUs) return null
    this.remoteMac = remoteMac
    this.sharedHash = crypto.crypto_hash_sha256(shared)
    const signed = Buffer.concat([appKey, server, this.sharedHash])
    this.proof = Buffer.concat([crypto.crypto_sign_detached(signed, keys.secretKey), keys.publicKey])
    this.boxSecret = crypto.crypto_hash_sha256(Buffer.concat([appKey, shared, toThem, toUs]))
    const proofKey = crypto.crypto_hash_sha256(Buffer.concat([appKey, shared, toThem]))
    wipe(shared, toThem, toUs)
    return crypto.crypto_secretbox_easy(this.proof, ZEROS, proofKey)
  }

  /** Takes the server's acceptance; returns the keys of both directions. */
  finish(bytes: Buffer): BoxKeys | null {
    const { appKey, server, proof, sharedHash, boxSecret } = this
    const signature = crypto.crypto_secretbox_open_easy(bytes, ZEROS, boxSecret)
    const signed = Buffer.concat([appKey, proof, sharedHash])
    if (!signature || !crypto.crypto_sign_verify_detached(signature, signed, server)) return null
    const keys = boxKeys({
      boxSecret,
      ...{ local: this.keys.publicKey, remote: server },
      ...{ localMac: this.localMac, remoteMac: this.remoteMac },
    })
    wipe(boxSecret, sharedHash, this.ephemeral.secretKey)
    return keys
  }
}

/** Name of the listener of connections that the relay has opened. */
export const DIALLED = 'dialled'

export interface DialOptions {
  keys: KeyPair
  appKey: Buffer
  /** the server's public key */
  server: Buffer
  /** milliseconds; default: the server's limit */
  timeout?: number
}

/** Performs the handshake over a socket. Rejects, and destroys the socket, if the server refuses. */
export function dial(socket: Socket, options: DialOptions): Promise<EncryptedConnection> {
  return new Promise((resolve, reject) => {
    let failed: unknown = new Error('connection closed during the handshake')
    const owner = {
      name: DIALLED,
      now: () => performance.now(),
      fault: (err: unknown) => {
        failed = err
      },
      gone: () => reject(failed),
    }
    const tcp = new TcpConnection(socket, owner)
    const timer = setTimeout(() => tcp.destroy(), options.timeout ?? HANDSHAKE_TIMEOUT_MS)
    tcp.onClose(() => clearTimeout(timer))
    const handshake = new ClientHandshake(options.keys, options.appKey, options.server)
    tcp.receiver = new Exchange(tcp, handshake, owner.fault, (keys, rest) => {
      clearTimeout(timer)
      const connection = new EncryptedConnection(tcp, loadSecretbox(), keys)
      resolve(connection)
      // after the caller has set its receiver
      if (rest.length > 0) setImmediate(() => tcp.take(rest))
    })
    tcp.send(handshake.hello())
  })
}

/** Reads the two messages of the server, in chunks of any size. */
class Exchange implements Receiver {
  private held = NONE
  private proved = false

  constructor(
    private readonly wire: WireConnection,
    private readonly handshake: ClientHandshake,
    private readonly failed: (err: Error) => void,
    private readonly done: (keys: BoxKeys, rest: Buffer) => void,
  ) {}

  receive(chunk: Buffer): void {
    const bytes = Buffer.concat([this.held, chunk])
    const wanted = this.proved ? ACCEPTANCE_BYTES : HELLO_BYTES
    this.held = bytes
    if (bytes.length < wanted) return
    this.held = bytes.subarray(wanted)
    const answer = bytes.subarray(0, wanted)
    if (this.proved) {
      const keys = this.handshake.finish(answer)
      if (!keys) throw new Error('invalid acceptance')
      return this.done(keys, this.held)
    }
    const proof = this.handshake.prove(answer)
    if (!proof) throw new Error('invalid hello or wrong network key')
    this.proved = true
    this.wire.send(proof)
    if (this.held.length > 0) this.receive(NONE)
  }

  room(): void {}

  closed(err: Error | null): void {
    if (err) this.failed(err)
  }
}
