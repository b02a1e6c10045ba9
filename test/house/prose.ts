// SPDX-License-Identifier: AGPL-3.0-or-later
// The prose lint: banned words in documents, page texts, comments, log events and errors. No disk, so that it can be tested.

import ts from 'typescript'

export interface BannedWord {
  pattern: RegExp
  better: string
}

export interface Finding {
  path: string
  line: number
  word: string
  better: string
}

/** A line of text that people read. */
interface Prose {
  line: number
  text: string
}

const ban = (source: string, better: string): BannedWord => ({ pattern: new RegExp(source, 'giu'), better })

export const BANNED: readonly BannedWord[] = [
  ban(String.raw`\b(?:who|whom|whose)ever\b`, 'name the role: the caller, the client, the member'),
  ban(String.raw`\banew\b`, 'again'),
  ban(String.raw`\bin vain\b`, 'without success'),
  ban(String.raw`\bof late\b`, 'recently'),
  ban(String.raw`\bdeeds?\b`, 'action'),
  ban(String.raw`\bfor ever\b`, 'permanently'),
  ban(String.raw`\bmend(?:s|ed|ing)?\b`, 'fix, repair, correct'),
  ban(String.raw`\bbears?\b|\bborne\b`, 'accept, tolerate, allow'),
  ban(String.raw`\briddles?\b`, 'captcha (in code), puzzle (on pages)'),
  ban(String.raw`\boftener\b`, 'more often'),
  ban(String.raw`\blest\b`, 'so that … not'),
  ban(String.raw`\bmakes no sense\b`, 'usage error, invalid'),
  ban(String.raw`\bwhat is not there yet\b`, 'unimplemented features'),
  ban(String.raw`\bgoes on until\b`, 'runs until'),
  ban(String.raw`\bmade room for\b`, 'was evicted'),
  ban(String.raw`\bas far as (?:its|their|our) \w+ knows?\b`, 'if … supports it'),
  // `The connection is closed that has two streams.`
  ban(
    String.raw`\b(?:is|are|was) \w+(?:ed|en|cut|shut) that (?:has|have|had|is|are)\b`,
    'the clause beside its noun',
  ),
  // a clause with `who` in place of a noun: `Who comes by it learns nothing.`
  ban(
    String.raw`\b(?:by|for|from|to|with|than) who (?!is|are|was|did|may)`,
    'a noun: the caller, the member, the person who …',
  ),
  ban(String.raw`(?:^|[.;] )Who [^?]{3,}\.(?= |$)`, 'a noun: the caller, the member, a person who …'),
]

export const BANNED_GERMAN: readonly BannedWord[] = [
  ban(String.raw`\bwer auch immer\b`, 'alle, die …'),
  ban(String.raw`\baufs neue\b|\bvon neuem\b`, 'erneut, noch einmal'),
  ban(String.raw`\bvergebens\b`, 'ohne Erfolg'),
  ban(String.raw`\bauf immer\b`, 'dauerhaft'),
  ban(String.raw`\bunlängst\b`, 'kürzlich'),
]

/** A word that has to stay, and why. Keep this list short. */
export interface Allowed {
  path: string
  word: string
  why: string
}

/** Banned words in one file, by its kind. */
export function lintProse(path: string, text: string, allowed: readonly Allowed[] = []): Finding[] {
  const rules = path.startsWith('src/web/words/de') ? [...BANNED, ...BANNED_GERMAN] : BANNED
  return proseOf(path, text).flatMap(({ line, text }) =>
    rules.flatMap(({ pattern, better }) =>
      [...text.matchAll(pattern)]
        .map(([word]) => word.trim())
        .filter((word) => !allowed.some((each) => each.path === path && word.toLowerCase() === each.word))
        .map((word) => ({ path, line, word, better })),
    ),
  )
}

/** What people read in a file: all of a document but its code, comments of code, and in `src/` texts as well. */
export function proseOf(path: string, text: string): Prose[] {
  if (path.endsWith('.md')) return ofMarkdown(text)
  if (/\.[mc]?[jt]s$/.test(path)) return ofTypeScript(path, text)
  if (path.endsWith('.njk')) return ofTemplate(text)
  // shell, units and other small files: every line
  return text.split('\n').map((line, at) => ({ line: at + 1, text: line }))
}

function ofMarkdown(text: string): Prose[] {
  let isCode = false
  return text.split('\n').flatMap((line, at) => {
    if (/^\s*```/.test(line)) {
      isCode = !isCode
      return []
    }
    return isCode ? [] : [{ line: at + 1, text: line.replace(/`[^`]*`/g, '`…`') }]
  })
}

function ofTypeScript(path: string, text: string): Prose[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: Prose[] = []
  const seen = new Set<number>()
  const add = (start: number, said: string): void => {
    const first = source.getLineAndCharacterOfPosition(start).line + 1
    said.split('\n').forEach((line, at) => {
      found.push({ line: first + at, text: line.replace(/`[^`]*`/g, '`…`') })
    })
  }
  const comments = (node: ts.Node): void => {
    for (const { pos, end } of [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ]) {
      if (seen.has(pos)) continue
      seen.add(pos)
      add(
        pos,
        text
          .slice(pos, end)
          .replace(/^\/\*\*?|^\/\/|\*\/$/g, '')
          .replace(/^[ \t]*\* ?/gm, ''),
      )
    }
  }
  const visit = (node: ts.Node): void => {
    comments(node)
    if (path.startsWith('src/')) {
      const isText =
        ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
      // a text of one word is a key or a code, but in the catalogues of the pages
      if (isText && (node.text.includes(' ') || path.startsWith('src/web/words/')))
        add(node.getStart(), node.text)
    }
    for (const child of node.getChildren()) visit(child)
  }
  visit(source)
  return found
}

function ofTemplate(text: string): Prose[] {
  return [...text.matchAll(/\{#-?([\s\S]*?)-?#\}/g)].map(({ 1: said = '', index }) => ({
    line: text.slice(0, index).split('\n').length,
    text: said,
  }))
}

/** Sentences of a document with more words than that, for a list of warnings. Tables and code do not count. */
export function longSentences(path: string, text: string, most = 30): string[] {
  const found: string[] = []
  let paragraph = ''
  let first = 0
  const flush = (): void => {
    for (const sentence of paragraph.split(/(?<=[.!?:;])\s+(?=[A-Z*`[])/)) {
      const words = sentence.split(/\s+/).filter((word) => /\w/.test(word)).length
      if (words > most) found.push(`${path}:${first}: ${words} words: ${sentence.slice(0, 60)}…`)
    }
    paragraph = ''
  }
  for (const { line, text: said } of ofMarkdown(text)) {
    if (said.trim() === '' || /^(\||#|\s*[-*] |\s*\d+\. )/.test(said)) flush()
    if (said.trim() === '' || /^(\||#)/.test(said)) continue
    if (paragraph === '') first = line
    paragraph += `${said.replace(/^\s*([-*]|\d+\.) /, '')} `
  }
  flush()
  return found
}
