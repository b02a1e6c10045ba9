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

export interface ContactFold extends Folded {
  /** Takes the next message of ours: the last word on each feed counts. */
  add(message: KeyedMessage): void
}

/** Folds a history of ours, in order, into members and blocks. */
export function createContactFold(): ContactFold {
  const members: Folded['members'] = new Map()
  const blocks: Folded['blocks'] = new Map()
  return {
    members,
    blocks,
    add(message) {
      const content = message.value.content as ContactContent
      if (typeof content !== 'object' || content.type !== 'contact' || !isFeedId(content.contact)) return
      const { contact } = content
      if (content.following) {
        // a feed already followed keeps its first row: following twice says nothing new
        if (!members.has(contact)) members.set(contact, memberRow(message))
      } else members.delete(contact)
      if (content.blocking)
        blocks.set(contact, { since: message.value.timestamp, reason: '', contact: message.value.sequence })
      else blocks.delete(contact)
    },
  }
}
