// SPDX-License-Identifier: AGPL-3.0-or-later
// The languages of the pages. To add one, add its catalogue and a line here.

import { en, type Words } from './en.js'

export interface Language {
  /** as in `lang` and `Accept-Language` */
  tag: string
  /** its name in the language itself */
  name: string
  words: Words
}

const ENGLISH: Language = { tag: 'en', name: 'English', words: en }

/** A catalogue is loaded when a visitor first asks for it, as it takes some 150 KB of memory. */
const OTHERS: ReadonlyArray<readonly [tag: string, name: string, load: () => Promise<Words>]> = [
  ['de', 'Deutsch', async () => (await import('./de.js')).de],
  ['es', 'Español', async () => (await import('./es.js')).es],
  ['fr', 'Français', async () => (await import('./fr.js')).fr],
  ['pt', 'Português', async () => (await import('./pt.js')).pt],
]

/** All languages, without their words. The first is the default. */
export const LANGUAGES: ReadonlyArray<Pick<Language, 'tag' | 'name'>> = [
  ENGLISH,
  ...OTHERS.map(([tag, name]) => ({ tag, name })),
]

/** Whether there is a language of this tag. */
export function isLanguage(tag: unknown): tag is string {
  return LANGUAGES.some((language) => language.tag === tag)
}

/** The language of a tag. English for an unknown one, and if its file is gone: an upgrade replaces it under a running relay. */
export async function loadLanguage(tag: unknown): Promise<Language> {
  const [known, name, load] = OTHERS.find(([each]) => each === tag) ?? []
  const words = await load?.().catch(() => null)
  return words ? { tag: known as string, name: name as string, words } : ENGLISH
}
