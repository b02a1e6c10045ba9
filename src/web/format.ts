// How ids, moments and sizes are shown on the dashboard's pages, and how an id stands in an address.

import { type FeedId, feedIdOf, isFeedId, KEY_BYTES, keyOf } from '../ssb/feed-id.js'

export { size } from '../lib/text.js'

/** A feed as a page shows it. */
export interface Person {
  id: FeedId
  /** a name of theirs, or the beginning of the id */
  name: string
  /** the id as part of an address */
  slug: string
}

/** @param names of theirs here, if they have any */
export function person(id: FeedId, names: readonly string[] = []): Person {
  return { id, name: names[0] ?? `${id.slice(0, 9)}…`, slug: slugOf(id) }
}

/** An id for an address: base64 has signs that addresses use. */
export function slugOf(id: FeedId): string {
  return keyOf(id).toString('base64url')
}

/** The id in an address, or null. */
export function idOf(slug: string): FeedId | null {
  if (!/^[\w-]{43}$/.test(slug)) return null
  const key = Buffer.from(slug, 'base64url')
  const id = key.length === KEY_BYTES ? feedIdOf(key) : ''
  return isFeedId(id) && slugOf(id) === slug ? id : null
}

/** A moment for `<time>`: for programs and, to the minute, for people. UTC, as a page without scripts knows no other. */
export function moment(at: number): { iso: string; text: string } {
  const iso = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
  return { iso, text: `${iso.slice(0, 10)} ${iso.slice(11, 16)}` }
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

/** A browser in two words, by which its owner knows it again; no more of what it says of itself is kept. */
export function browserName(agent: string): string {
  const find = (list: typeof BROWSERS): string | undefined => list.find(([sign]) => sign.test(agent))?.[1]
  return [find(BROWSERS), find(SYSTEMS)].filter(Boolean).join(' · ')
}
