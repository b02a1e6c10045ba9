// SPDX-License-Identifier: AGPL-3.0-or-later
// The languages of the pages. To add one, add its catalogue and a line here.

import { de } from './de.js'
import { en, type Words } from './en.js'

export interface Language {
  /** as in `lang` and `Accept-Language` */
  tag: string
  /** its name in the language itself */
  name: string
  words: Words
}

const ENGLISH: Language = { tag: 'en', name: 'English', words: en }

/** The first is the default. */
export const LANGUAGES: readonly [Language, ...Language[]] = [
  ENGLISH,
  { tag: 'de', name: 'Deutsch', words: de },
]

/** The language of a tag, or undefined. */
export function languageOf(tag: unknown): Language | undefined {
  return LANGUAGES.find((language) => language.tag === tag)
}
