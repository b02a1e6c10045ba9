// SPDX-License-Identifier: AGPL-3.0-or-later
// The rules of the source tree as a function: files by path in, broken rules out. No disk, so that it can be tested.

import { posix } from 'node:path'
import ts from 'typescript'

/** Paths from the project's root (`src/store/feeds.ts`) to source text. */
export type Files = ReadonlyMap<string, string>

export interface Import {
  /** a path of the project for relative imports, else the package's name with its subpath */
  target: string
  inside: boolean
}

/** The parts that each part may import. A part is a directory of src/, or a file of that name. */
const ARROWS: Record<string, readonly string[]> = {
  lib: [],
  config: ['lib'],
  onion: ['lib'],
  ssb: ['lib'],
  store: ['lib', 'ssb'],
  room: ['lib', 'ssb'],
  wire: ['lib'],
  muxrpc: ['lib'],
  peer: ['lib', 'ssb', 'store', 'room', 'wire', 'muxrpc'],
  web: ['lib', 'ssb', 'store', 'room'],
  matrix: ['lib', 'ssb', 'store', 'room'],
  operator: ['lib', 'ssb', 'store', 'room', 'peer', 'web', 'matrix'],
  relay: [
    ...['lib', 'config', 'onion', 'ssb', 'store', 'room', 'wire', 'muxrpc'],
    ...['peer', 'web', 'matrix', 'operator'],
  ],
  commands: [
    ...['lib', 'config', 'onion', 'ssb', 'store', 'room', 'wire', 'muxrpc'],
    ...['peer', 'web', 'matrix', 'operator', 'relay'],
  ],
  cli: ['lib', 'config', 'commands'],
}

/** The parts that are one file. */
const FILES = ['cli', 'relay']

/** The first line of a source file, after a line that names its interpreter. */
export const SPDX = '// SPDX-License-Identifier: AGPL-3.0-or-later'

/** The most lines of a file: a longer one has two purposes. */
export const LINES = 350

/** The part that a file belongs to, or null if there is none. */
export function partOf(path: string): string | null {
  const [root, head = '', ...rest] = path.split('/')
  if (root !== 'src') return null
  if (rest.length > 0) return Object.hasOwn(ARROWS, head) && !FILES.includes(head) ? head : null
  const name = head.replace(/\.ts$/, '')
  return FILES.includes(name) ? name : null
}

/** Everything a file imports: statically, dynamically, as types, re-exported or by `require`. */
export function importsOf(path: string, text: string): Import[] {
  const found: string[] = []
  walk(parse(path, text), (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      found.push(literal(node.moduleSpecifier))
    } else if (ts.isExternalModuleReference(node)) found.push(literal(node.expression))
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      found.push(literal(node.argument.literal))
    else if (ts.isCallExpression(node) && isImporting(node.expression)) found.push(literal(node.arguments[0]))
  })
  return found.map((name) => {
    const inside = name.startsWith('.')
    return { target: inside ? posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts') : name, inside }
  })
}

/** Every broken rule as a text that names the file. */
export function violations(files: Files): string[] {
  const bad: string[] = []
  const graph = new Map<string, string[]>()
  for (const [path, text] of files) {
    const part = partOf(path)
    if (!part) bad.push(`${path}: belongs to no part of the house`)
    const imports = importsOf(path, text)
    graph.set(
      path,
      imports.filter(({ inside }) => inside).map(({ target }) => target),
    )
    for (const { target, inside } of imports) {
      if (!inside) {
        if (/^granax(\/|$)/.test(target) && part !== 'onion') bad.push(`${path}: only onion/ imports granax`)
        continue
      }
      if (!files.has(target)) bad.push(`${path}: imports ${target}, which is no file of src`)
      const other = partOf(target)
      if (!part || !other) continue
      if (part !== other && !ARROWS[part]?.includes(other))
        bad.push(`${path}: ${part} may not import ${target}`)
    }
    bad.push(...styleOf(path, text, part))
  }
  return [...bad, ...cycles(graph)]
}

function styleOf(path: string, text: string, part: string | null): string[] {
  const bad: string[] = []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines.length > LINES) bad.push(`${path}: ${lines.length} lines are more than ${LINES}`)
  const head = lines[0]?.startsWith('#!') ? lines.slice(1) : lines
  if (head[0] !== SPDX) bad.push(`${path}: does not begin with ${SPDX}`)
  const first = head[0] === SPDX ? head[1] : head[0]
  if (!/^\/\/ \S.*[.:)]$/.test(first ?? ''))
    bad.push(`${path}: does not open with a comment that says what it is for`)
  // written so that this file does not break the rule
  if (/\b(TO[D]O|FIX[M]E|X[X]X)\b/.test(text)) bad.push(`${path}: leaves a task for later in a comment`)
  walk(parse(path, text), (node) => {
    if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return
    const object = node.expression.getText()
    if (object === 'console' && part !== 'commands') bad.push(`${path}: uses the console`)
    const member = ts.isPropertyAccessExpression(node)
      ? node.name.text
      : node.argumentExpression.getText().slice(1, -1)
    if (/^(globalThis\.)?process$/.test(object) && member === 'env' && part !== 'config') {
      bad.push(`${path}: only config/ reads the environment`)
    }
  })
  for (const { target } of importsOf(path, text)) {
    if (!/^(node:)?process$/.test(target) || part === 'config') continue
    if (/import\s*(type\s*)?\{[^}]*\benv\b/.test(text))
      bad.push(`${path}: only config/ reads the environment`)
  }
  return bad
}

/** Each import cycle, once. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const bad: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) bad.push(`${[...trail.slice(at), path].join(' → ')}: a circle of imports`)
    if (at >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return bad
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}

function walk(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, (child) => walk(child, see))
}

function isImporting(callee: ts.Node): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}

function literal(node: ts.Node | undefined): string {
  return node && ts.isStringLiteralLike(node) ? node.text : '(computed)'
}
