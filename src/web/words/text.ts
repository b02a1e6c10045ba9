// What words are written with: markup that escapes what is put into it, and counted things.

import nunjucks from 'nunjucks'

/** Markup that a template shows as it stands. */
export type Html = nunjucks.runtime.SafeString

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A sentence with markup in it. What is put in is escaped, as people wrote it, unless it is markup itself. */
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

/** Markup that is known to be safe already, put together from pieces that are. */
export function raw(markup: string): Html {
  return new nunjucks.runtime.SafeString(markup)
}
