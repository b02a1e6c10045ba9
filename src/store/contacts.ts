// SPDX-License-Identifier: AGPL-3.0-or-later
// Folds our contact messages: which feeds the relay's own feed follows and blocks. Pure.

import { type FeedId, isFeedId } from '../ssb/feed-id.js'
import type { KeyedMessage } from '../ssb/message.js'
import type { BlockRecord, MemberRecord } from './layout.js'

/** Content of our contact messages; `voucher` and `by` let the index be rebuilt from the feed alone. */
export interface ContactContent extends Record<string, unknown> {
  type: 'contact'
  contact: FeedId
  following: boolean
  blocking?: boolean
  /** marks a follow by a server (SSB protocol guide) */
  pub?: true
  note?: string
  by?: MemberRecord['by']
  voucher?: FeedId
}

export interface Folded {
  members: Map<FeedId, MemberRecord>
  blocks: Map<FeedId, BlockRecord>
}

/** The content of a follow message. */
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

/** The member's row for a follow message. */
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
  /** Takes our next message; the last message about a feed counts. */
  add(message: KeyedMessage): void
}

/** Folds our messages, in order, into members and blocks. */
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
        // a second follow of a member keeps the first row, unless a feed that others vouched for has joined by itself
        const held = members.get(contact)
        if (!held || (held.voucher !== null && !content.voucher)) members.set(contact, memberRow(message))
      } else members.delete(contact)
      if (content.blocking)
        blocks.set(contact, { since: message.value.timestamp, reason: '', contact: message.value.sequence })
      else blocks.delete(contact)
    },
  }
}
