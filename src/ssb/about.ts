// SPDX-License-Identifier: AGPL-3.0-or-later
// `about` messages: what a feed's owner says about themselves. Pure.

import { PROFILE_DESCRIPTION_CHARS, PROFILE_NAME_CHARS } from '../lib/limits.js'
import { cleanName, cleanText } from '../lib/text.js'
import type { FeedId } from './feed-id.js'

/** The fields that a message sets; an empty text deletes a field. */
export type About = Partial<Record<AboutField, string>>
export type AboutField = 'name' | 'description' | 'image'
export const ABOUT_FIELDS: readonly AboutField[] = ['name', 'description', 'image']

/** A blob's id; some apps add a query, with which an encrypted blob is read. */
const BLOB_ID = /^(&[A-Za-z0-9+/]{43}=\.sha256)(?:\?|$)/

/**
 * Reads what a message says about its own author. What it says about others is ignored: they have not said it.
 * @param json   the value's JSON, without spaces
 * @returns null if it says nothing
 */
export function readAbout(json: string, author: FeedId): About | null {
  // most messages are of other types, and parsing all of them would slow down ingest
  if (!json.includes('"type":"about"')) return null
  const { content } = JSON.parse(json) as { content: Record<string, unknown> | string }
  if (typeof content === 'string' || content.type !== 'about' || content.about !== author) return null
  const { name, description, image } = content
  const about: About = {}
  if (typeof name === 'string') about.name = cleanName(name, PROFILE_NAME_CHARS)
  if (typeof description === 'string') about.description = shortText(description)
  const blob = typeof image === 'object' && image !== null && 'link' in image ? image.link : image
  if (typeof blob === 'string') about.image = BLOB_ID.exec(blob)?.[1] ?? ''
  return Object.keys(about).length > 0 ? about : null
}

function shortText(text: string): string {
  // cut without leaving half of a character
  return cleanText(text.slice(0, PROFILE_DESCRIPTION_CHARS).replace(/[\ud800-\udbff]$/, ''))
}
