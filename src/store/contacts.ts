// Our contact messages, folded: what the relay's own feed says about whom it follows and blocks. Pure.

import { type FeedId, isFeedId } from '../ssb/feed-id.js'
import type { KeyedMessage } from '../ssb/message.js'
import type { BlockRecord, MemberRecord } from './layout.js'

/** What a contact message of ours carries; `voucher` and `by` let the index be rebuilt from the feed alone. */
export interface ContactContent extends Record<string, unknown> {
  type: 'contact'
  contact: FeedId
  following: boolean
  blocking?: boolean
  /** the protocol guide's mark of a server's follow */
  pub?: true
  note?: string
  by?: MemberRecord['by']
  voucher?: FeedId
}

export interface Folded {
  members: Map<FeedId, MemberRecord>
  blocks: Map<FeedId, BlockRecord>
}

/** The content of a follow. */
export function followContent(
  contact: FeedId,
  { by, voucher, note }: Pick<MemberRecord, 'by' | 'voucher' | 'note'>,
): ContactContent {
  return {
    type: 'contact',
    contact,
    following: true,
    pub: true,
    ...(note ? { note } : {}),
    by,
    ...(voucher ? { voucher } : {}),
  }
}

/** The row that a follow of ours indexes to. */
export function memberRow(message: KeyedMessage): MemberRecord {
  const content = message.value.content as ContactContent
  return {
    since: message.value.timestamp,
    by: content.by ?? 'operator',
    voucher: content.voucher ?? null,
    note: typeof content.note === 'string' ? content.note : '',
    contact: message.value.sequence,
  }
}

/** Folds a history of ours, in order, into members and blocks: the last word on each feed counts. */
export function foldContacts(history: Iterable<KeyedMessage>): Folded {
  const folded: Folded = { members: new Map(), blocks: new Map() }
  for (const message of history) {
    const content = message.value.content as ContactContent
    if (typeof content !== 'object' || content.type !== 'contact' || !isFeedId(content.contact)) continue
    if (content.following) {
      // a feed already followed keeps its first row: following twice says nothing new
      if (!folded.members.has(content.contact)) folded.members.set(content.contact, memberRow(message))
    } else folded.members.delete(content.contact)
    if (content.blocking) {
      folded.blocks.set(content.contact, {
        since: message.value.timestamp,
        reason: '',
        contact: message.value.sequence,
      })
    } else folded.blocks.delete(content.contact)
  }
  return folded
}
