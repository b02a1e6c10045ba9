// SPDX-License-Identifier: AGPL-3.0-or-later
// Formats feed ids, times, sizes and browser names for the dashboard.

import { DAY, HOUR, MINUTE } from '../lib/limits.js'
import { type FeedId, feedIdOf, isFeedId, KEY_BYTES, keyOf } from '../ssb/feed-id.js'
import { keyPicture } from './key-picture.js'

export { size } from '../lib/text.js'

/** Characters of a shortened id: the sigil and eight of the key. */
const SHORT_CHARS = 9

/** A feed as a page shows it. */
export interface Person {
  id: FeedId
  /** a name that anybody can choose, or the key where there is none */
  name: string
  /** the start of the id, to show beside the name; null where the name is the key */
  key: string | null
  /** a picture drawn from the key, as a `data:` URL */
  picture: string
  /** the id in a URL path */
  slug: string
}

/** @param name of this feed, if it has one */
export function person(id: FeedId, name: string | null): Person {
  const key = `${id.slice(0, SHORT_CHARS)}…`
  return { id, name: name ?? key, key: name === null ? null : key, picture: keyPicture(id), slug: slugOf(id) }
}

/** A feed id as URL-safe base64. */
export function slugOf(id: FeedId): string {
  return keyOf(id).toString('base64url')
}

/** The feed id of a slug, or null. */
export function idOf(slug: string): FeedId | null {
  if (!/^[\w-]{43}$/.test(slug)) return null
  const key = Buffer.from(slug, 'base64url')
  const id = key.length === KEY_BYTES ? feedIdOf(key) : ''
  return isFeedId(id) && slugOf(id) === slug ? id : null
}

/** A time for `<time>`: ISO 8601, and text to the minute. UTC, as the server does not know the visitor's time zone. */
export function moment(at: number): { iso: string; text: string; zoned: string } {
  const iso = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
  const text = `${iso.slice(0, 10)} ${iso.slice(11, 16)}`
  return { iso, text, zoned: `${text} UTC` }
}

const SPANS: ReadonlyArray<readonly [Intl.RelativeTimeFormatUnit, number]> = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
]

/** A time relative to now, in words: `3 days ago`. @param language as a BCP 47 tag */
export function relative(at: number, now: number, language: string): string {
  const [unit, length] =
    SPANS.find(([, length]) => Math.abs(now - at) >= length) ?? (['minute', MINUTE] as const)
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(
    Math.trunc((at - now) / length),
    unit,
  )
}

const BROWSERS: ReadonlyArray<readonly [RegExp, string]> = [
  [/Firefox\//, 'Firefox'],
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]
const SYSTEMS: ReadonlyArray<readonly [RegExp, string]> = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS/, 'macOS'],
  [/Linux/, 'Linux'],
]

/** Browser and system, such as `Firefox · Linux`. Nothing else of the User-Agent is stored. */
export function browserName(agent: string): string {
  const find = (list: typeof BROWSERS): string | undefined => list.find(([sign]) => sign.test(agent))?.[1]
  return [find(BROWSERS), find(SYSTEMS)].filter(Boolean).join(' · ')
}
