// SPDX-License-Identifier: AGPL-3.0-or-later
// Signing keys of other servers: fetched, verified, cached within limits, fetched again when a signature does not match.

import {
  MATRIX_KEY_RETRY_MS,
  MATRIX_KEY_VALID_MS,
  MATRIX_KEYS_KEPT,
  MATRIX_KEYS_PER_SERVER,
} from '../lib/matrix-limits.js'
import type { MatrixKeysRecord, MatrixStore } from '../store/matrix.js'
import { MatrixError } from './errors.js'
import { type RoomEvent, signedPart, signersOf } from './event.js'
import { isObject, type Json } from './json.js'
import type { RoomVersion } from './room-version.js'
import { isSignature, type SigningKey, signaturesOf, verifyJson } from './signing.js'

export interface KeyRing {
  /**
   * Asks a server for its keys, unless this one is known and valid at that moment. Answers whether it is.
   * @param again asks although it is known, unless that was done lately: a signature did not match
   */
  load(server: string, keyId: string, moment: number, again?: boolean): Promise<boolean>
  /** Whether a server has signed this with a key that is known. */
  isSignedAsKnown(
    server: string,
    bytes: string,
    signature: readonly [id: string, signature: string],
    moment: number,
  ): boolean
  /** Whether a server has signed this; the moment is that at which its key had to be valid, in Unix ms. */
  isSigned(
    server: string,
    bytes: string,
    signatures: ReadonlyArray<[string, string]>,
    moment: number,
  ): Promise<boolean>
  /**
   * Whether an event has the signatures that it needs.
   * @param notary a server that is asked for the keys of one that does not answer. What it says is used for events that
   * it hands over itself, and for nothing else: it could pass a key of its own off as that server's.
   */
  isEventSigned(event: RoomEvent, version: RoomVersion, notary?: string): Promise<boolean>
}

export interface KeyRingComponents {
  store: MatrixStore
  /** Asks a server for its keys, unsigned: the answer proves itself. */
  fetch(server: string): Promise<Json>
  /** Asks another server for the keys of one. */
  query(notary: string, server: string): Promise<Json>
  own: { server: string; key: SigningKey }
  now(): number
}

export function createKeyRing({ store, fetch, query, own, now }: KeyRingComponents): KeyRing {
  /** requests under way: one per server at a time */
  const asking = new Map<string, Promise<MatrixKeysRecord | null>>()
  const failed = new Map<string, number>()

  function ask(server: string): Promise<MatrixKeysRecord | null> {
    const held = asking.get(server)
    if (held !== undefined) return held
    const answer = learn(server).finally(() => asking.delete(server))
    asking.set(server, answer)
    return answer
  }

  async function learn(server: string): Promise<MatrixKeysRecord | null> {
    const since = failed.get(server)
    if (since !== undefined && now() - since < MATRIX_KEY_RETRY_MS) return null
    try {
      const record = readKeys(server, await fetch(server), now(), store.keys(server))
      await store.write(() => store.putKeysNow(server, record, MATRIX_KEYS_KEPT))
      failed.delete(server)
      return record
    } catch {
      failed.delete(server)
      failed.set(server, now())
      const oldest = failed.keys().next().value
      if (failed.size > MATRIX_KEYS_KEPT && oldest !== undefined) failed.delete(oldest)
      return null
    }
  }

  /** cached answers of notaries */
  const heard = new Map<string, { record: Promise<MatrixKeysRecord | null>; until: number }>()

  async function askNotary(notary: string, server: string): Promise<MatrixKeysRecord | null> {
    try {
      const answer = await query(notary, server)
      const listed = isObject(answer) && Array.isArray(answer.server_keys) ? answer.server_keys : []
      const found = listed.find((each) => isObject(each) && each.server_name === server)
      return readKeys(server, found ?? null, now())
    } catch {
      return null
    }
  }

  function byNotary(notary: string, server: string): Promise<MatrixKeysRecord | null> {
    const name = `${notary} ${server}`
    const held = heard.get(name)
    if (held && held.until > now()) return held.record
    const record = askNotary(notary, server)
    heard.set(name, { record, until: now() + MATRIX_KEY_RETRY_MS })
    const oldest = heard.keys().next().value
    if (heard.size > MATRIX_KEYS_KEPT && oldest !== undefined) heard.delete(oldest)
    return record
  }

  /** A key that was valid at that moment. */
  function find(record: MatrixKeysRecord | undefined | null, keyId: string, moment: number): string | null {
    const held = record && Object.hasOwn(record.keys, keyId) ? record.keys[keyId] : undefined
    if (!record || !held) return null
    return moment <= (held.expired ?? record.valid) ? held.key : null
  }

  const isOld = (record: MatrixKeysRecord | undefined): boolean =>
    record === undefined || now() - record.asked >= MATRIX_KEY_RETRY_MS

  async function isSigned(
    server: string,
    bytes: string,
    signatures: ReadonlyArray<[string, string]>,
    moment: number,
  ): Promise<boolean> {
    if (server === own.server)
      return signatures.some(
        ([id, signature]) => id === own.key.id && isSignature(bytes, signature, own.key.public),
      )
    const fits = (record: MatrixKeysRecord | undefined | null): boolean =>
      signatures.some(([id, signature]) => {
        const key = find(record, id, moment)
        return key !== null && isSignature(bytes, signature, key)
      })
    const held = store.keys(server)
    if (fits(held)) return true
    // a recent answer would be the same
    const knows = signatures.some(([id]) => find(held, id, moment) !== null)
    if (knows && !isOld(held)) return false
    return fits(await ask(server))
  }

  return {
    isSigned,
    async load(server, keyId, moment, again = false) {
      const held = store.keys(server)
      const isKnown = find(held, keyId, moment) !== null
      if (isKnown && !(again && isOld(held))) return true
      return find(await ask(server), keyId, moment) !== null
    },
    isSignedAsKnown(server, bytes, [id, signature], moment) {
      const key = find(store.keys(server), id, moment)
      return key !== null && isSignature(bytes, signature, key)
    },
    async isEventSigned(event, version, notary) {
      const bytes = signedPart(event.pdu, version)
      for (const server of signersOf(event)) {
        const signatures = signaturesOf(event.pdu, server).slice(0, MATRIX_KEYS_PER_SERVER)
        if (signatures.length === 0) return false
        const moment = event.pdu.origin_server_ts
        if (await isSigned(server, bytes, signatures, moment)) continue
        if (notary === undefined || server === own.server) return false
        const record = await byNotary(notary, server)
        const isGood = signatures.some(([id, signature]) => {
          const key = find(record, id, moment)
          return key !== null && isSignature(bytes, signature, key)
        })
        if (!isGood) return false
      }
      return true
    },
  }
}

/**
 * Reads an answer of `/_matrix/key/v2/server`. Keys that a server no longer names stay known for what they signed.
 * @throws MatrixError for one that is not that server's, or not signed by each of the keys it names
 */
export function readKeys(
  server: string,
  answer: Json,
  now: number,
  before?: MatrixKeysRecord,
): MatrixKeysRecord {
  const bad = (what: string): Error =>
    new MatrixError(401, 'M_UNAUTHORIZED', `the keys of ${server}: ${what}`)
  if (!isObject(answer) || answer.server_name !== server) throw bad('not those of this server')
  const { valid_until_ts: until, verify_keys: verify, old_verify_keys: old } = answer
  if (!Number.isSafeInteger(until) || !isObject(verify)) throw bad('no keys')
  const current = Object.entries(verify)
    .filter(([id]) => id.startsWith('ed25519:'))
    .slice(0, MATRIX_KEYS_PER_SERVER)
  if (current.length === 0) throw bad('none that we can use')
  const keys: MatrixKeysRecord['keys'] = {}
  for (const [id, held] of Object.entries(before?.keys ?? {}).slice(-MATRIX_KEYS_PER_SERVER))
    keys[id] = { ...held, expired: held.expired ?? before?.asked ?? now }
  for (const [id, held] of Object.entries(isObject(old) ? old : {}).slice(0, MATRIX_KEYS_PER_SERVER)) {
    if (!isObject(held) || typeof held.key !== 'string' || !Number.isSafeInteger(held.expired_ts)) continue
    keys[id] = { key: held.key, expired: held.expired_ts as number }
  }
  for (const [id, held] of current) {
    const key = isObject(held) ? held.key : undefined
    const [, signature] = signaturesOf(answer, server).find(([by]) => by === id) ?? []
    if (typeof key !== 'string' || signature === undefined || !verifyJson(answer, signature, key))
      throw bad('not signed by themselves')
    keys[id] = { key, expired: null }
  }
  // what is valid for longer than a week is asked for again all the same
  return { asked: now, valid: Math.min(until as number, now + MATRIX_KEY_VALID_MS), keys }
}
