// SPDX-License-Identifier: AGPL-3.0-or-later
// A subset of Markdown for notices. HTML and unknown syntax stay text.

import { type Html, html, raw } from './words/text.js'

/** Allowed link targets. `//host` would lead to another site, so it stays text. */
const LINK = /^(?:https?:\/\/[^\s<>"]+|ssb:[^\s<>"]+|mailto:[^\s<>"]+|\/(?!\/)[^\s<>"\\]*)$/i

/**
 * Renders paragraphs, headings, lists, quotes, rules and code blocks; inside them `code`, **strong**, *emphasis* and
 * [links](https://…).
 */
export function markdown(text: string): Html {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const blocks: Html[] = []
  for (let at = 0; at < lines.length; ) {
    const [block, next] = blockAt(lines, at)
    if (block) blocks.push(block)
    at = next
  }
  return join(blocks)
}

const ITEM = /^ {0,3}(?:([-*+])|(\d{1,9})[.)])[ \t]+(.*)$/
const HEADING = /^(#{1,4})[ \t]+(?=[^ \t])/
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/

/** The block that begins at a line, and the index of the line after it. */
function blockAt(lines: readonly string[], at: number): [Html | null, number] {
  const line = lines[at] ?? ''
  if (line.trim() === '') return [null, at + 1]
  if (/^```/.test(line)) return codeAt(lines, at)
  if (RULE.test(line)) return [html`<hr>`, at + 1]
  const heading = HEADING.exec(line)
  if (heading) {
    // h1 is the page's title
    const level = Math.min(6, (heading[1]?.length ?? 1) + 1)
    return [wrap(`h${level}`, inline(withoutClosing(line.slice(heading[0].length)))), at + 1]
  }
  if (/^ {0,3}>/.test(line)) {
    const end = endOf(lines, at, (each) => /^ {0,3}>/.test(each))
    const quoted = lines.slice(at, end).map((each) => each.replace(/^ {0,3}> ?/, ''))
    // nested quotes stay text: no recursion
    return [wrap('blockquote', wrap('p', inline(quoted.join('\n')))), end]
  }
  const item = ITEM.exec(line)
  if (item) return listAt(lines, at, item[1] ? 'ul' : 'ol')
  const end = endOf(lines, at, (each) => each.trim() !== '' && !starts(each), 1)
  return [wrap('p', inline(lines.slice(at, end).join('\n'))), end]
}

/**
 * A heading's text without closing `#`. A loop, as a regular expression for the trailing signs would take quadratic time.
 */
function withoutClosing(text: string): string {
  let end = text.length
  while (end > 1 && text[end - 1] === '#') end -= 1
  while (end > 1 && /[ \t]/.test(text[end - 1] ?? '')) end -= 1
  return text.slice(0, end)
}

const starts = (line: string): boolean =>
  /^```|^ {0,3}>/.test(line) || HEADING.test(line) || RULE.test(line) || ITEM.test(line)

function codeAt(lines: readonly string[], at: number): [Html, number] {
  const end = endOf(lines, at, (each) => !/^```/.test(each), 1)
  return [html`<pre><code>${lines.slice(at + 1, end).join('\n')}</code></pre>`, end + 1]
}

function listAt(lines: readonly string[], at: number, tag: 'ul' | 'ol'): [Html, number] {
  const items: Html[] = []
  let next = at
  for (let item = ITEM.exec(lines[next] ?? ''); item; item = ITEM.exec(lines[next] ?? '')) {
    if ((tag === 'ul') !== Boolean(item[1])) break
    // indented lines belong to the item
    const end = endOf(lines, next, (each) => /^ {2,}\S/.test(each) && !ITEM.test(each), 1)
    const more = lines.slice(next + 1, end).map((each) => each.trim())
    items.push(wrap('li', inline([item[3] ?? '', ...more].join('\n'))))
    next = end
  }
  return [wrap(tag, join(items)), next]
}

/** Index of the first line from `at + skip` on that does not belong to the block. */
function endOf(lines: readonly string[], at: number, belongs: (line: string) => boolean, skip = 0): number {
  let end = at + skip
  while (end < lines.length && belongs(lines[end] ?? '')) end += 1
  return end
}

const SPANS = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|\[([^\]\n]{1,300})\]\(([^()\s]{1,2000})\)/g

function inline(text: string): Html {
  const parts: Html[] = []
  let last = 0
  for (const match of text.matchAll(SPANS)) {
    const [whole, code, strong, emphasis, label, target] = match
    parts.push(html`${text.slice(last, match.index)}`)
    last = match.index + whole.length
    if (code !== undefined) parts.push(html`<code>${code}</code>`)
    else if (strong !== undefined) parts.push(html`<strong>${strong}</strong>`)
    else if (emphasis !== undefined) parts.push(html`<em>${emphasis}</em>`)
    else if (LINK.test(target ?? ''))
      parts.push(html`<a href="${target ?? ''}" rel="noreferrer nofollow">${label ?? ''}</a>`)
    else parts.push(html`${whole}`)
  }
  parts.push(html`${text.slice(last)}`)
  return join(parts)
}

/** @param tag a constant, never user input */
const wrap = (tag: string, content: Html): Html => raw(`<${tag}>${content}</${tag}>`)
const join = (parts: readonly Html[]): Html => raw(parts.map(String).join(''))
