// SPDX-License-Identifier: AGPL-3.0-or-later
// The server's half of the secret handshake (protocol guide, "Handshake"): computes its messages; no sockets.

import { handshakeCrypto as crypto, type KeyPair } from './handshake-crypto.js'

export type { KeyPair }

/** Bytes of the client's two messages, in order. */
export const HELLO_BYTES = 64
export const PROOF_BYTES = 112

/** Bytes of the server's acceptance. */
export const ACCEPTANCE_BYTES = 80

const KEY_BYTES = 32
const NONCE_BYTES = 24
export const SIGNATURE_BYTES = 64
export const ZEROS: Buffer = Buffer.alloc(NONCE_BYTES)

/** The result of a handshake. */
export interface BoxKeys {
  /** the other end's public key */
  remote: Buffer
  encryptKey: Buffer
  encryptNonce: Buffer
  decryptKey: Buffer
  decryptNonce: Buffer
}

/** A server's identity, with the parts that every handshake needs computed once. */
export interface ServerIdentity extends KeyPair {
  /** the network's key */
  appKey: Buffer
  /** the secret key converted to curve25519, for key agreement */
  agreementKey: Buffer
}

export function createServerIdentity({ publicKey, secretKey }: KeyPair, appKey: Buffer): ServerIdentity {
  const agreementKey = crypto.crypto_sign_ed25519_sk_to_curve25519(secretKey)
  return { publicKey, secretKey, appKey, agreementKey }
}

/**
 * One handshake. Call the steps in this order. Each returns null if the caller is refused: it uses another network key,
 * does not know our public key, or does not have the secret key it claims.
 */
export class ServerHandshake {
  private localMac: Buffer = ZEROS
  private remoteMac: Buffer = ZEROS
  private remoteKey: Buffer = ZEROS
  private shared: Buffer = ZEROS
  private sharedHash: Buffer = ZEROS
  private proof: Buffer = ZEROS
  private boxSecret: Buffer = ZEROS

  /** @param ephemeral the key pair of this handshake; set only by the test that compares bytes */
  constructor(
    private readonly identity: ServerIdentity,
    private readonly ephemeral: KeyPair = crypto.crypto_box_keypair(),
  ) {}

  /** Takes the client's hello; returns ours. */
  hello(bytes: Buffer): Buffer | null {
    const { appKey } = this.identity
    if (bytes.length !== HELLO_BYTES) return null
    const mac = bytes.subarray(0, KEY_BYTES)
    const key = bytes.subarray(KEY_BYTES)
    if (crypto.crypto_auth_verify(mac, key, appKey) !== 0) return null
    const shared = agree(this.ephemeral.secretKey, key)
    if (!shared) return null
    this.remoteMac = mac
    this.remoteKey = key
    this.shared = shared
    this.sharedHash = crypto.crypto_hash_sha256(shared)
    this.localMac = crypto.crypto_auth(this.ephemeral.publicKey, appKey)
    return Buffer.concat([this.localMac, this.ephemeral.publicKey])
  }

  /** Takes the client's proof; returns its public key. */
  prove(bytes: Buffer): Buffer | null {
    const { appKey, agreementKey, publicKey } = this.identity
    const toUs = agree(agreementKey, this.remoteKey)
    if (!toUs || bytes.length !== PROOF_BYTES) return null
    const proofKey = crypto.crypto_hash_sha256(Buffer.concat([appKey, this.shared, toUs]))
    const proof = crypto.crypto_secretbox_open_easy(bytes, ZEROS, proofKey)
    if (!proof) return null
    const client = proof.subarray(SIGNATURE_BYTES)
    const signature = proof.subarray(0, SIGNATURE_BYTES)
    const signed = Buffer.concat([appKey, publicKey, this.sharedHash])
    if (!crypto.crypto_sign_verify_detached(signature, signed, client)) return null
    const theirs = curveKey(client)
    const toThem = theirs && agree(this.ephemeral.secretKey, theirs)
    if (!toThem) return null
    this.proof = proof
    this.boxSecret = crypto.crypto_hash_sha256(Buffer.concat([appKey, this.shared, toUs, toThem]))
    return client
  }

  /** Returns our acceptance, for a client that is admitted. */
  accept(): Buffer {
    const { appKey, secretKey } = this.identity
    const signed = Buffer.concat([appKey, this.proof, this.sharedHash])
    return crypto.crypto_secretbox_easy(crypto.crypto_sign_detached(signed, secretKey), ZEROS, this.boxSecret)
  }

  /** Returns the keys of both directions and wipes the secrets they were derived from. */
  finish(): BoxKeys {
    const client = this.proof.subarray(SIGNATURE_BYTES)
    const keys = boxKeys({
      boxSecret: this.boxSecret,
      ...{ local: this.identity.publicKey, remote: client },
      ...{ localMac: this.localMac, remoteMac: this.remoteMac },
    })
    wipe(this.shared, this.sharedHash, this.boxSecret, this.ephemeral.secretKey)
    return keys
  }
}

/** Derives the keys of both directions, as seen from `local`. */
export function boxKeys({
  boxSecret,
  local,
  remote,
  localMac,
  remoteMac,
}: Record<'boxSecret' | 'local' | 'remote' | 'localMac' | 'remoteMac', Buffer>): BoxKeys {
  const secret = crypto.crypto_hash_sha256(boxSecret)
  // One allocation outside of Node's pool: the keys live as long as the connection, and five buffers would cost more
  // than their bytes.
  const keys = Buffer.alloc(3 * KEY_BYTES + 2 * NONCE_BYTES)
  crypto.crypto_hash_sha256(Buffer.concat([secret, remote])).copy(keys)
  crypto.crypto_hash_sha256(Buffer.concat([secret, local])).copy(keys, KEY_BYTES)
  remote.copy(keys, 2 * KEY_BYTES)
  const nonces = 3 * KEY_BYTES
  remoteMac.copy(keys, nonces, 0, NONCE_BYTES)
  localMac.copy(keys, nonces + NONCE_BYTES, 0, NONCE_BYTES)
  wipe(secret)
  return {
    encryptKey: keys.subarray(0, KEY_BYTES),
    decryptKey: keys.subarray(KEY_BYTES, 2 * KEY_BYTES),
    remote: keys.subarray(2 * KEY_BYTES, nonces),
    encryptNonce: keys.subarray(nonces, nonces + NONCE_BYTES),
    decryptNonce: keys.subarray(nonces + NONCE_BYTES),
  }
}

export function wipe(...secrets: Buffer[]): void {
  for (const secret of secrets) secret.fill(0)
}

/** Computes a shared secret; null for a point of low order, with which every key gives the same secret. */
export function agree(secretKey: Buffer, publicKey: Buffer): Buffer | null {
  try {
    const secret = crypto.crypto_scalarmult(secretKey, publicKey)
    // libsodium throws for these, the fallback does not
    return secret.every((byte) => byte === 0) ? null : secret
  } catch {
    return null
  }
}

/** Converted keys kept for returning callers: the conversion is a fifth of a handshake. */
const CURVE_KEYS = 512
const curveKeys = new Map<string, Buffer>()

/** Converts a signing key to curve25519; null for an invalid point or one of low order. */
export function curveKey(publicKey: Buffer): Buffer | null {
  const name = publicKey.toString('latin1')
  const known = curveKeys.get(name)
  if (known) return known
  try {
    const converted = crypto.crypto_sign_ed25519_pk_to_curve25519(publicKey)
    if (!converted) return null
    if (curveKeys.size >= CURVE_KEYS) curveKeys.delete(curveKeys.keys().next().value as string)
    curveKeys.set(name, converted)
    return converted
  } catch {
    return null
  }
}
