// SPDX-License-Identifier: AGPL-3.0-or-later
// The words of documents, pages, comments and messages keep to CONTRIBUTING.md, "Words".

import t from 'tap'
import { projectFiles, text } from './files.js'
import { type Allowed, lintProse, longSentences, proseOf } from './prose.js'

/** Words that have to stay. A new entry needs a reason that a reviewer accepts. */
const ALLOWED: readonly Allowed[] = []

const isProse = (path: string): boolean =>
  /^[A-Z]+\.md$|^docs\/.*\.md$/.test(path) ||
  /^(src|test|bench|views|scripts|systemd|tor)\/.*\.(ts|mjs|njk|sh|pl|py|service|in)$/.test(path) ||
  path.startsWith('scripts/cloud-init/')

t.test('no banned words', async (t) => {
  const paths = projectFiles().filter(isProse)
  t.ok(paths.length > 300, 'the files were found')
  for (const path of paths)
    for (const { line, word, better } of lintProse(path, text(path), ALLOWED))
      t.fail(`${path}:${line}: "${word}": better: ${better}`)
})

t.test('every allowed word is still there', async (t) => {
  for (const { path, word } of ALLOWED)
    t.ok(
      lintProse(path, text(path)).some((found) => found.word.toLowerCase() === word),
      `${path}: ${word}`,
    )
})

t.test('long sentences of documents (a list to look at, not a failure)', async (t) => {
  for (const path of projectFiles().filter((path) => /^([A-Z]+|docs\/.*)\.md$/.test(path)))
    for (const warning of longSentences(path, text(path))) t.comment(warning)
})

t.test('the lint finds each kind of word, with its file, line and a better word', async (t) => {
  const md = (line: string): string[] => lintProse('docs/x.md', line).map(({ word }) => word)
  t.same(lintProse('docs/x.md', 'One.\n\nThe deed is done.'), [
    { path: 'docs/x.md', line: 3, word: 'deed', better: 'action' },
  ])
  for (const word of [
    ...['whoever', 'Whomever', 'in vain', 'of late', 'deeds', 'for ever', 'mend', 'mended', 'bear', 'borne'],
    ...[
      'riddle',
      'oftener',
      'lest',
      'makes no sense',
      'what is not there yet',
      'goes on until',
      'made room for',
    ],
    ...['as far as its version knows', 'is closed that has'],
  ])
    t.same(md(`It ${word} it.`), [word])
  t.same(md('Links for people, for who comes by it.'), ['for who'])
  t.same(md('Who comes by it learns nothing.'), ['Who comes by it learns nothing.'])
  t.same(md('It ends. Who is silent is closed.'), ['. Who is silent is closed.'])
})

t.test('the lint leaves alone what is no such word', async (t) => {
  for (const line of [
    'Indeed, an amended bearer token is reborn.',
    'Who may connect',
    'Who is here? Nobody.',
    'A log of who did what.',
    'It listens to who is there.',
    'It is made if it is not there yet.',
    'Write `riddle` in code.',
    '```\nwhoever\n```',
  ])
    t.same(lintProse('docs/x.md', line), [], line)
})

t.test('comments and texts of source are prose, names and keys are not', async (t) => {
  const source = [
    "import { riddle } from './riddle.js'",
    '// whoever calls',
    'const deed = 1 // anew',
    '/**',
    ' * Says it',
    ' * in vain.',
    ' */',
    "log.warn('the riddle failed')",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    'throw new Error(`a ${deed} is mended`)',
  ].join('\n')
  const found = (path: string): string[] => lintProse(path, source).map(({ line, word }) => `${line} ${word}`)
  t.same(found('src/x.ts').sort(), ['2 whoever', '3 anew', '6 in vain', '8 riddle', '9 mended'])
  t.same(found('test/x.ts').sort(), ['2 whoever', '3 anew', '6 in vain'], 'of tests only comments')
  t.same(
    lintProse('views/x.njk', '<p>\n{# whoever #}{{ whoever }}').map(({ line }) => line),
    [2],
  )
  t.same(lintProse('scripts/x.sh', "echo 'tries anew'").length, 1)
  t.same(lintProse('src/web/words/de/x.ts', "export const x = { a: 'wer auch immer' }").length, 1)
  t.same(
    lintProse('src/web/words/en/x.ts', "export const x = { riddle: 'Riddle' }").length,
    1,
    'texts of one word',
  )
  t.same(proseOf('docs/x.md', 'a `b` c'), [{ line: 1, text: 'a `…` c' }])
})

t.test('an allowed word is allowed in its file alone', async (t) => {
  const allowed = [{ path: 'docs/x.md', word: 'riddle', why: 'the specification calls it so' }]
  t.same(
    lintProse('docs/x.md', 'A Riddle anew.', allowed).map(({ word }) => word),
    ['anew'],
  )
  t.same(lintProse('docs/y.md', 'A riddle.', allowed).length, 1)
})

t.test('long sentences are found, by the line of their paragraph', async (t) => {
  const long = `It ${'is '.repeat(31)}long.`
  t.match(longSentences('docs/x.md', `# A\n\nShort. ${long}\n\n| ${long} |\n`), [
    /^docs\/x\.md:3: 33 words: It is/,
  ])
  t.same(longSentences('docs/x.md', `${'It is short. '.repeat(20)}\n- one\n- two`), [])
})
