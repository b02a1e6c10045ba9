// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads onion keys in the formats of other programs, and recognizes files that are something else.

/** Header of `hs_ed25519_secret_key` in tor's HiddenServiceDir, padded to 32 bytes. */
export const TOR_HEAD = Buffer.from('== ed25519v1-secret: type0 ==\0\0\0')
/** Bytes of an expanded key: the scalar, then the prefix for signatures. */
const EXPANDED = 64

/** The secret key in a file, with its address if the file has one; or what the file is instead. */
export type Found = { expanded: Buffer; address: string | null } | { instead: string }

const BASE64 = /^[A-Za-z0-9+/]{40,}={0,2}$/
const ADDRESS = /^[a-z2-7]{56}\.onion$/

/** Descriptions of other files, by their content. */
const OTHERS: ReadonlyArray<readonly [RegExp, string]> = [
  [/BEGIN [A-Z0-9 ]*KEY/, 'holds a key of another kind, not ED25519-V3: a PEM file of another program'],
  [
    /^RSA1024:/m,
    'holds a key of another kind, not ED25519-V3: a version 2 address of 16 characters, which tor no longer supports',
  ],
  [/== ed25519v1-public: type0 ==/, 'is the public key: the secret key is in hs_ed25519_secret_key'],
  [/descriptor:x25519:/, 'holds a key of another kind, not ED25519-V3: a client authorization key'],
  [/^[A-Z][A-Z0-9-]{2,31}:[A-Za-z0-9+/=]+\s*$/m, 'holds a key of another kind, not ED25519-V3'],
]

/**
 * Finds the key in a file: our own, tor's `hs_ed25519_secret_key`, `ED25519-V3:…` as tor's control protocol has it, the
 * YAML of mkp224o, or base64 of tor's file or of the key alone.
 */
export function findKey(bytes: Buffer): Found {
  if (bytes.subarray(0, TOR_HEAD.length).equals(TOR_HEAD)) return fromTor(bytes, null)
  const text = bytes.toString('latin1')
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const secrets = lines.flatMap((line) => secretIn(line) ?? [])
  const addresses = lines.flatMap((line) => addressIn(line) ?? [])
  const [secret, second] = secrets
  const [address = null] = addresses
  if (second !== undefined) return { instead: 'is damaged: it holds more than one key' }
  if (secret === undefined) {
    const [, words] = OTHERS.find(([form]) => form.test(text)) ?? []
    if (words !== undefined) return { instead: words }
    return { instead: address && lines.length === 1 ? 'is an address without its key' : 'is damaged' }
  }
  const decoded = Buffer.from(secret, 'base64')
  // only the canonical base64, to detect truncated or altered text
  if (decoded.toString('base64') !== secret) return { instead: 'is damaged' }
  const other = OTHERS.find(([form]) => form.test(decoded.toString('latin1')))
  if (other) return { instead: other[1] }
  if (decoded.length === EXPANDED) return { expanded: decoded, address }
  if (decoded.subarray(0, TOR_HEAD.length).equals(TOR_HEAD)) return fromTor(decoded, address)
  if (decoded.length !== 32) return { instead: 'is damaged' }
  return { instead: 'holds a seed or a public key of 32 bytes: the secret key that tor keeps has 64' }
}

function fromTor(bytes: Buffer, address: string | null): Found {
  if (bytes.length !== TOR_HEAD.length + EXPANDED) return { instead: 'is damaged' }
  return { expanded: Buffer.from(bytes.subarray(TOR_HEAD.length)), address }
}

function secretIn(line: string): string | null {
  const [, said = line] = /^(?:ED25519-V3:|hs_ed25519_secret_key:\s*)"?([A-Za-z0-9+/=]+)"?$/.exec(line) ?? []
  return said !== line || BASE64.test(line) ? said : null
}

function addressIn(line: string): string | null {
  const [, said = line] = /^hostname:\s*"?([a-z2-7.]+)"?$/.exec(line) ?? []
  return ADDRESS.test(said) ? said : null
}
