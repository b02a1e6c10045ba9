// SPDX-License-Identifier: AGPL-3.0-or-later
// The catalogues: every language is complete and translated, and no template contains text.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { VIEWS } from '../../../src/web/views.js'
import { en } from '../../../src/web/words/en.js'
import { LANGUAGES, loadLanguage } from '../../../src/web/words/languages.js'
import { text } from '../../house/files.js'

/** Keys that may be the same in another language. */
const SAME = new Map([
  ['de', new Set(['dash.columns.name', 'dash.https', 'setup.token', 'site.optional'])],
  ['es', new Set(['dash.columns.alias', 'dash.roles.admin', 'setup.token'])],
  [
    'fr',
    new Set([
      ...['setup.description', 'dash.description', 'dash.roles.admin', 'dash.stored', 'dash.version'],
      ...['dash.columns.action', 'dash.columns.alias', 'dash.columns.note'],
      ...['dash.questionText', 'dash.modeLabel', 'dash.note'],
    ]),
  ],
  [
    'pt',
    new Set(['dash.columns.alias', 'dash.link', 'dash.roles.admin', 'dash.tabs.aliases', 'setup.token']),
  ],
])

type Leaf = string | ((...given: unknown[]) => unknown)

/** Every text by its path, such as `landing.steps.0`. Markup counts as text. */
function leaves(branch: unknown, path = ''): Array<[string, Leaf]> {
  if (typeof branch === 'string' || typeof branch === 'function') return [[path, branch as Leaf]]
  // a text with markup
  if (branch instanceof Object && 'val' in branch) return [[path, String(branch)]]
  return Object.entries(branch as object).flatMap(([key, value]) =>
    leaves(value, path ? `${path}.${key}` : key),
  )
}

const ours = new Map(leaves(en))

/** A text with singular and plural arguments. */
function said(leaf: Leaf): string[] {
  if (typeof leaf === 'string') return [leaf]
  return [1, 2].map((n) => String(leaf(...Array(leaf.length).fill(n))))
}

const tags = (markup: string): string[] => (markup.match(/<[^>]*>/g) ?? []).sort()

t.test('every language is complete and translated', async (t) => {
  t.ok(ours.size > 100, 'the English words were found')
  for (const { tag } of LANGUAGES) {
    const { words } = await loadLanguage(tag)
    const theirs = leaves(words)
    t.same(theirs.map(([path]) => path).sort(), [...ours.keys()].sort(), `${tag}: the same keys`)
    for (const [path, leaf] of theirs) {
      const english = ours.get(path) as Leaf
      const [one, many] = [said(leaf), said(english)]
      t.ok(
        one.every((each) => each.trim() !== '' && !/undefined|NaN|\[object/.test(each)),
        `${tag}: ${path} says something`,
      )
      if (words === en) continue
      if (!SAME.get(tag)?.has(path)) t.notSame(one, many, `${tag}: ${path} was left English`)
      one.forEach((each, at) => {
        t.same(tags(each), tags(many[at] ?? ''), `${tag}: ${path} has the same markup`)
        // all arguments are used
        if (typeof leaf === 'function')
          t.equal(leaf.length, (english as () => void).length, `${tag}: ${path} takes as much`)
      })
    }
  }
})

t.test('inserted text is escaped', async (t) => {
  for (const { tag } of LANGUAGES) {
    const { words } = await loadLanguage(tag)
    const shown = String(words.invite.worthCode('<b>"&\'', 1))
    t.match(shown, '&lt;b&gt;&quot;&amp;&#39;')
  }
})

/** Attributes that people read or hear. */
const READ = /\b(?:alt|title|placeholder|aria-label|aria-description|value|label)="([^"]*)"/g
/** The wordmark needs no translation. */
const NAMES = /^(tide|pool)$/

/** Text in a template outside the catalogues. */
function bareText(template: string): string[] {
  const found: string[] = []
  const bare = template
    .replace(/\{#.*?#\}/gs, '')
    .replace(/<!--.*?-->/gs, '')
    .replace(/\{%.*?%\}/gs, (block) => {
      found.push(...spoken(block))
      return ' '
    })
    .replace(/\{\{.*?\}\}/gs, (expression) => {
      found.push(...spoken(expression))
      return ' '
    })
  for (const [, value = ''] of bare.matchAll(READ)) found.push(value)
  const outside = bare
    .replace(/<code>[a-z_]+<\/code>/g, ' ') // a code is the same in every language
    .replace(/ aria-(?:describedby|invalid)="[^"]*"| autofocus/g, ' ') // a macro's part of a tag
    .replace(/<[^>]*>/gs, '\n')
  found.push(...outside.split('\n'))
  return found.map((each) => each.trim()).filter((each) => /\p{L}/u.test(each) && !NAMES.test(each))
}

/** Strings in an expression that are not compared values, file names, field names or filter options. */
function spoken(expression: string): string[] {
  const plain = expression
    .replace(/[!=]= *'[^']*'/g, '')
    .replace(/(?:extends|from|import|include) +"[^"]*"/g, '')
    .replace(/(?:asset|copier|mainCopier|below|tied|feedField|round|may|act)\((?:\d+, *)?'[^']*'/g, '')
    .replace(/, *'(?:quiet|grave)'\)/g, ')')
    .replace(/(?:noApp)\('https:[^']*'/g, '')
  return [...plain.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, one, two]) => one ?? two ?? '')
}

t.test('no template contains text', async (t) => {
  const files = readdirSync(VIEWS, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.njk'))
  t.ok(files.length > 5, 'the templates were found')
  for (const file of files) t.same(bareText(text(join('views', file))), [], file)
})

t.test('text in a template is found wherever it is', async (t) => {
  const hidden: Array<[string, string]> = [
    ['<p>Hello</p>', 'Hello'],
    ['<p>{{ name }} is here</p>', 'is here'],
    ["<p>{{ 'minute' if n == 1 else w.x }}</p>", 'minute'],
    ["{% set label = 'Go on' %}", 'Go on'],
    ['<img alt="A picture">', 'A picture'],
    ['<button type="submit" aria-label="Close">{{ w.x }}</button>', 'Close'],
    ["{{ below('name', 'A hint', wrong) }}", 'A hint'],
    ["{{ copier('id', 'Copy it') }}", 'Copy it'],
    ['<p>tide pool</p>', 'tide pool'],
  ]
  for (const [template, words] of hidden) t.same(bareText(template), [words], template)
  const silent = [
    '{# a note #}<!-- another -->',
    '{% extends "layout.njk" %}',
    "<p>tide<span>pool</span>{{ w.x }} 7 ({{ w.y('z') if false else w.y(1) }})</p>".replace("'z'", '2'),
    "{% if error == 'captcha_wrong' %}{{ asset('copy.js') }}{% endif %}",
  ]
  for (const template of silent) t.same(bareText(template), [], template)
})
