// SPDX-License-Identifier: AGPL-3.0-or-later
// Markdown of notices: the supported subset, and no way to run anything.

import t from 'tap'
import { markdown } from '../../src/web/markdown.js'

const shown = (text: string): string => String(markdown(text))

t.test('blocks', async (t) => {
  const cases: Array<[string, string]> = [
    ['', ''],
    ['one\ntwo\n\nthree', '<p>one\ntwo</p><p>three</p>'],
    ['# A\n## B ##\n##### E', '<h2>A</h2><h3>B</h3><p>##### E</p>'],
    ['- a\n- b\n  more\n\nend', '<ul><li>a</li><li>b\nmore</li></ul><p>end</p>'],
    ['1. a\n2) b\n- c', '<ol><li>a</li><li>b</li></ol><ul><li>c</li></ul>'],
    ['> a\n> b\nc', '<blockquote><p>a\nb</p></blockquote><p>c</p>'],
    ['```\n**a** <b>\n\n```\nend', '<pre><code>**a** &lt;b&gt;\n</code></pre><p>end</p>'],
    ['```\nopen', '<pre><code>open</code></pre>'],
    ['a\n\n---\n\nb', '<p>a</p><hr><p>b</p>'],
    ['a\r\nb\rc', '<p>a\nb\nc</p>'],
  ]
  for (const [text, wanted] of cases) t.equal(shown(text), wanted, JSON.stringify(text))
})

t.test('spans', async (t) => {
  const cases: Array<[string, string]> = [
    ['**a** *b* `c`', '<p><strong>a</strong> <em>b</em> <code>c</code></p>'],
    ['2 * 3 * 4 ** 5', '<p>2 * 3 * 4 ** 5</p>'],
    [
      '[a](https://b.example/?x=1&y)',
      '<p><a href="https://b.example/?x=1&amp;y" rel="noreferrer nofollow">a</a></p>',
    ],
    ['[a](/notice/b)', '<p><a href="/notice/b" rel="noreferrer nofollow">a</a></p>'],
    ['[a](ssb:experimental?x)', '<p><a href="ssb:experimental?x" rel="noreferrer nofollow">a</a></p>'],
  ]
  for (const [text, wanted] of cases) t.equal(shown(text), wanted, text)
})

t.test('no script runs and no markup breaks out', async (t) => {
  const links = [
    'javascript:x',
    'JaVaScRiPt:x',
    'data:text/html,x',
    'vbscript:x',
    '//evil.example',
    '/\\evil.example',
  ]
  links.push('https://a.example/"onclick="x', 'https://a.example/<b>', ' https://a.example', 'file:///etc')
  for (const link of links) t.notMatch(shown(`[a](${link})`), '<a ', link)
  for (const text of [
    '<script>x</script>',
    '**<b>**',
    '`<i>`',
    '[<b>](https://a.example)',
    '# <b>',
    '> <b>',
    '- <b>',
  ])
    t.notMatch(shown(text), /<(script|b|i)>/, text)
  t.equal(shown('`a` & "b" \'c\''), '<p><code>a</code> &amp; &quot;b&quot; &#39;c&#39;</p>')
})

t.test('a heading may be closed, in linear time', async (t) => {
  const closed: Array<[string, string]> = [
    ['# Tides', 'Tides'],
    ['# Tides #', 'Tides'],
    ['#\tTides \t ####', 'Tides'],
    ['# C#', 'C'],
    ['# # a # b #', '# a # b'],
    ['# ###', '#'],
  ]
  for (const [text, heading] of closed) t.equal(shown(text), `<h2>${heading}</h2>`, text)
  for (const text of ['#', '# ', '#Tides', '##### Tides']) t.notMatch(shown(text), '<h', text)
  // quadratic time would take a second and more
  for (const shape of ['#', ' ', ' #', '#x', '\t']) {
    const text = `# ${shape.repeat(64_000 / shape.length)}x`
    const before = performance.now()
    markdown(text)
    t.ok(performance.now() - before < 500, `64,000 characters of ${JSON.stringify(shape)}`)
  }
})

t.test('the longest notice is rendered completely', async (t) => {
  const shapes = ['*', '**', '`', '[', '[a](', '_ ', '*a ', '[a](b']
  // exponential work would exceed the test's timeout
  for (const shape of shapes) {
    const text = `x ${shape.repeat(8000 / shape.length)}`
    t.equal(shown(text).replace(/<[^>]*>/g, '').length > 1000, true, JSON.stringify(shape))
  }
})
