// Aliases: names by which members are found. One owner per name; a name is freed by its owner or with its membership.

import { RelayError } from '../lib/errors.js'
import { ALIASES_PER_MEMBER } from '../lib/limits.js'
import { isLabel } from '../ssb/alias.js'
import { type FeedId, keyOf } from '../ssb/feed-id.js'
import type { AliasRecord, Tables } from './layout.js'
import type { Precondition, Writer } from './writer.js'

export interface Aliases {
  /** Who answers to a name, or null. */
  get(alias: string): AliasRecord | null
  /** @throws RelayError `alias_taken`, `quota_reached`, `not_allowed` for one who is no member (any more) */
  register(alias: string, owner: FeedId, signature: string, before?: Precondition): Promise<void>
  /** Frees a name; without an owner, whoever's it is. @throws RelayError `not_found` (also for another's) */
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

  // What has not the form of a name is nobody's: the database fails at keys that are empty or long. Names that have been
  // reserved since somebody took them are found, so that they can be given back.
  const held = (alias: string): AliasRecord | undefined =>
    isLabel(alias) ? aliases.get(key(alias)) : undefined

  return {
    get: (alias) => held(alias) ?? null,
    list,
    of,
    register: (alias, owner, signature, before) =>
      writer.submit(() => {
        // asked here and not only before the queue: nobody has a name left who was shut out while waiting in it
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
        // The same words for a name that is free and one that is another's.
        if (!row || (owner && row.owner !== owner)) throw new RelayError('not_found')
        aliases.removeSync(key(alias))
      }, before),
  }
}
