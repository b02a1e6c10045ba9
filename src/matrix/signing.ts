// SPDX-License-Identifier: AGPL-3.0-or-later
// Signatures of Matrix: ed25519 over canonical JSON, in unpadded base64.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { badJson } from './errors.js'
import { canonicalJson, isObject, type JsonObject } from './json.js'

/** Base64 without padding, as Matrix has it everywhere. */
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

/** A key pair of ours. */
export interface SigningKey {
  /** `ed25519:NAME` */
  id: string
  /** the public half, in unpadded base64 */
  public: string
  /** Signs bytes; answers unpadded base64. */
  sign(bytes: string): string
}

/** A key pair from its seed of 32 bytes. */
export function signingKeyOf(name: string, seed: Buffer): SigningKey {
  // the fixed head of an ed25519 private key in PKCS #8
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  return {
    id: `ed25519:${name}`,
    public: base64(spki.subarray(-32)),
    sign: (bytes) => base64(sign(null, Buffer.from(bytes), secret)),
  }
}

/** The public key of 32 bytes in base64; null for what is none. */
export function publicKeyOf(text: unknown): KeyObject | null {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null
  const raw = Buffer.from(text, 'base64')
  if (raw.length !== 32) return null
  try {
    // the fixed head of an ed25519 public key in SPKI
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return null
  }
}

/** What is signed of an object: all but its signatures and what servers note on the way. */
export function signedBytes({ signatures: _, unsigned: __, ...signed }: JsonObject): string {
  return canonicalJson(signed)
}

/** The object with a signature of ours beside those it has. */
export function signJson<T extends JsonObject>(value: T, server: string, key: SigningKey): T & JsonObject {
  const held = isObject(value.signatures) ? value.signatures : {}
  const ours = isObject(held[server]) ? (held[server] as JsonObject) : {}
  const signatures = { ...held, [server]: { ...ours, [key.id]: key.sign(signedBytes(value)) } }
  return { ...value, signatures }
}

/** The ed25519 signatures of a server on an object, by key id. */
export function signaturesOf(value: JsonObject, server: string): Array<[keyId: string, signature: string]> {
  const all = isObject(value.signatures) ? value.signatures[server] : undefined
  if (!isObject(all)) return []
  return Object.entries(all).filter(
    (entry): entry is [string, string] => entry[0].startsWith('ed25519:') && typeof entry[1] === 'string',
  )
}

/** Whether a signature over some bytes is that of a key. */
export function isSignature(bytes: string, signature: string, key: string): boolean {
  const open = publicKeyOf(key)
  if (!open || !/^[A-Za-z0-9+/_-]{86}(==)?$/.test(signature)) return false
  return verify(null, Buffer.from(bytes), open, Buffer.from(signature, 'base64'))
}

/** Whether an object carries this signature of a key. @throws MatrixError for an object without a canonical form */
export function verifyJson(value: JsonObject, signature: string, key: string): boolean {
  if (!isObject(value)) throw badJson('no object')
  return isSignature(signedBytes(value), signature, key)
}
