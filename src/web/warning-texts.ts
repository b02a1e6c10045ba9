// SPDX-License-Identifier: AGPL-3.0-or-later
// The relay's warnings as pages show them: a text in the reader's language, and a detail that can be in English.

import type { HealthWarning } from './contract.js'
import type { Words } from './words/en.js'
import type { Html } from './words/text.js'

export interface WarningText {
  text: string | Html
  /** words of tor or of an authority; null without any */
  reason: string | null
}

/** The texts of warnings; their figures are in the order of the words' parameters. */
export function warningTexts(words: Words['warnings'], warnings: readonly HealthWarning[]): WarningText[] {
  return warnings.map(({ code, values, reason }) => {
    const said = words[code] as string | ((...given: unknown[]) => string | Html)
    return { text: typeof said === 'function' ? said(...Object.values(values)) : said, reason }
  })
}
