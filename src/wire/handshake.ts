// The server's half of the secret handshake (protocol guide, "Handshake"): bytes in, bytes out, no sockets.

import { handshakeCrypto as crypto, type KeyPair } from './handshake-crypto.js'

export type { KeyPair }

/** Bytes of the client's two messages, in the order they come. */
export const HELLO_BYTES = 64
export const PROOF_BYTES = 112

/** Bytes of the server's acceptance. */
export const ACCEPTANCE_BYTES = 80

const KEY_BYTES = 32
const NONCE_BYTES = 24
export const SIGNATURE_BYTES = 64
export const ZEROS: Buffer = Buffer.alloc(NONCE_BYTES)

/** What a handshake leaves behind. */
export interface BoxKeys {
  /** the other end's public key */
  remote: Buffer
  encryptKey: Buffer
  encryptNonce: Buffer
  decryptKey: Buffer
  decryptNonce: Buffer
}

/** A server's identity, with what every handshake needs of it worked out once. */
export interface ServerIdentity extends KeyPair {
  /** the network's key */
  appKey: Buffer
  /** the secret key on the curve where keys are agreed on */
  agreementKey: Buffer
}

export function createServerIdentity({ publicKey, secretKey }: KeyPair, appKey: Buffer): ServerIdentity {
  const agreementKey = crypto.crypto_sign_ed25519_sk_to_curve25519(secretKey)
  return { publicKey, secretKey, appKey, agreementKey }
}

/**
 * One handshake. The steps are called in the order they stand here; each answers null where the caller is refused:
 * it speaks for another network, does not know whom it calls, or has not the key it names.
 */
export class ServerHandshake {
  private localMac: Buffer = ZEROS
  private remoteMac: Buffer = ZEROS
  private remoteKey: Buffer = ZEROS
  private shared: Buffer = ZEROS
  private sharedHash: Buffer = ZEROS
  private proof: Buffer = ZEROS
  private boxSecret: Buffer = ZEROS

  /** @param ephemeral this handshake's own keys; given only by the test that compares bytes */
  constructor(
    private readonly identity: ServerIdentity,
    private readonly ephemeral: KeyPair = crypto.crypto_box_keypair(),
  ) {}

  /** Takes the client's hello; answers ours. */
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

  /** Takes the client's proof of who it is; answers its public key. */
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

  /** Our acceptance, for a client that is to be let in. */
  accept(): Buffer {
    const { appKey, secretKey } = this.identity
    const signed = Buffer.concat([appKey, this.proof, this.sharedHash])
    return crypto.crypto_secretbox_easy(crypto.crypto_sign_detached(signed, secretKey), ZEROS, this.boxSecret)
  }

  /** The keys of the two directions. What they were made from is wiped: this handshake is over. */
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

/** The keys of the two directions, from one end's view. */
export function boxKeys({
  boxSecret,
  local,
  remote,
  localMac,
  remoteMac,
}: Record<'boxSecret' | 'local' | 'remote' | 'localMac' | 'remoteMac', Buffer>): BoxKeys {
  const secret = crypto.crypto_hash_sha256(boxSecret)
  // One allocation for all of it, and not from Node's pool: this is kept as long as the connection lasts, and each
  // buffer of its own would cost more than its bytes.
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

/** The secret two keys agree on; null for a point of low order, with which anyone would agree on the same. */
export function agree(secretKey: Buffer, publicKey: Buffer): Buffer | null {
  try {
    const secret = crypto.crypto_scalarmult(secretKey, publicKey)
    // libsodium refuses by itself, the fallback does not
    return secret.every((byte) => byte === 0) ? null : secret
  } catch {
    return null
  }
}

/** Keys converted before, of callers that come again: the conversion is a fifth of a handshake. */
const CURVE_KEYS = 512
const curveKeys = new Map<string, Buffer>()

/** A signing key on the curve where keys are agreed on; null where it is no point, or one of low order. */
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
