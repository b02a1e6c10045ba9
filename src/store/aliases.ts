// SPDX-License-Identifier: AGPL-3.0-or-later
// Aliases: names under which members are found. An alias has one owner, who can revoke it; it ends with the membership.

import { RelayError } from '../lib/errors.js'
import { ALIASES_PER_MEMBER } from '../lib/limits.js'
import { isLabel } from '../ssb/alias.js'
import { type FeedId, keyOf } from '../ssb/feed-id.js'
import type { AliasRecord, Tables } from './layout.js'
import type { Precondition, Writer } from './writer.js'

export interface Aliases {
  /** The owner and registration of an alias, or null. */
  get(alias: string): AliasRecord | null
  /** @throws RelayError `alias_taken`, `quota_reached`, `not_allowed` if the owner is not a member */
  register(alias: string, owner: FeedId, signature: string, before?: Precondition): Promise<void>
  /** Frees an alias; without `owner`, of any owner. @throws RelayError `not_found`, also if another feed owns it */
  revoke(alias: string, owner?: FeedId, before?: Precondition): Promise<void>
  of(owner: FeedId): string[]
  list(): Array<{ alias: string } & AliasRecord>
}

/** @param now Unix ms */
export function createAliases({ aliases, members }: Tables, writer: Writer, now: () => number): Aliases {
  const key = (alias: string): Buffer => Buffer.from(alias)
  const list = (): Array<{ alias: string } & AliasRecord> =>
    [...aliases.getRange({})].map(({ key, value }) => ({ alias: key.toString(), ...value }))
  const of = (owner: FeedId): string[] =>
    list()
      .filter((row) => row.owner === owner)
      .map(({ alias }) => alias)

  // LMDB rejects empty and long keys, so only valid labels are looked up. Names that were reserved after their
  // registration are still found, so that their owners can revoke them.
  const held = (alias: string): AliasRecord | undefined =>
    isLabel(alias) ? aliases.get(key(alias)) : undefined

  return {
    get: (alias) => held(alias) ?? null,
    list,
    of,
    register: (alias, owner, signature, before) =>
      writer.submit(() => {
        // checked inside the write: the owner may have been removed while this waited in the queue
        if (!members.doesExist(keyOf(owner))) throw new RelayError('not_allowed')
        const row = aliases.get(key(alias))
        if (row && row.owner !== owner) throw new RelayError('alias_taken')
        if (!row && of(owner).length >= ALIASES_PER_MEMBER)
          throw new RelayError('quota_reached', undefined, { limit: 'aliases_per_member' })
        aliases.putSync(key(alias), { owner, signature, since: row?.since ?? now() })
      }, before),
    revoke: (alias, owner, before) =>
      writer.submit(() => {
        const row = held(alias)
        // the same error for a free alias and for one of another owner
        if (!row || (owner && row.owner !== owner)) throw new RelayError('not_found')
        aliases.removeSync(key(alias))
      }, before),
  }
}
