// SPDX-License-Identifier: AGPL-3.0-or-later
// Helpers of the catalogues: safe markup and plurals.

import nunjucks from 'nunjucks'

/** Markup that templates do not escape. */
export type Html = nunjucks.runtime.SafeString

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text with markup. Inserted values are escaped unless they are markup. */
export function html(parts: TemplateStringsArray, ...values: Array<string | number | Html>): Html {
  const escaped = values.map((value) =>
    value instanceof nunjucks.runtime.SafeString
      ? value.toString()
      : String(value).replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? ''),
  )
  return new nunjucks.runtime.SafeString(parts.reduce((text, part, at) => text + escaped[at - 1] + part))
}

/** `1 day`, `2 days`. */
export function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}

/** Marks a string as safe. @param markup built from safe parts only */
export function raw(markup: string): Html {
  return new nunjucks.runtime.SafeString(markup)
}
