// SPDX-License-Identifier: AGPL-3.0-or-later
// Language tags (BCP 47), such as `de` or `pt-BR`.

/** Characters of a tag: BCP 47 recommends that programs take 35. */
export const LANGUAGE_TAG_CHARS = 35

/** The canonical form of a tag, so that `PT-br` and `pt-BR` are one language; null for anything else. */
export function languageTag(text: string): string | null {
  if (text.length > LANGUAGE_TAG_CHARS) return null
  try {
    return Intl.getCanonicalLocales(text)[0] ?? null
  } catch {
    return null
  }
}

/** A language's own name, such as `Deutsch`; the tag if it is unknown. @param tag as from `languageTag` */
export function languageName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag
}
