// SPDX-License-Identifier: AGPL-3.0-or-later
// The log events of the source: every constant message that is passed to a log method. No disk, so that it can be tested.

import ts from 'typescript'
import type { Files } from './arrows.js'

export interface LogEvent {
  path: string
  line: number
  level: string
  /** the message; `…` stands for what is put into a template */
  message: string
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace']

/** Files that pass on the messages of their callers. */
const PASSES_ON = ['src/lib/log.ts', 'src/lib/journal.ts', 'src/store/refusals.ts']

/**
 * Finds `log.warn(fields, 'event')`, `parts.log.warn('event')` and throttled helpers, `tell('warn', 'event', fields)`.
 * @returns the events, and in `variable` the calls whose message is not constant
 */
export function logEvents(files: Files): { events: LogEvent[]; variable: string[] } {
  const events: LogEvent[] = []
  const variable: string[] = []
  for (const [path, text] of files) {
    if (PASSES_ON.includes(path)) continue
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const call = asLogCall(node)
        if (call) {
          const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
          const messages = call.message ? messagesOf(call.message) : []
          if (messages.length === 0) variable.push(`${path}:${line}`)
          for (const message of messages) events.push({ path, line, level: call.level, message })
        }
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return { events, variable }
}

function asLogCall(call: ts.CallExpression): { level: string; message: ts.Expression | undefined } | null {
  const [first, second] = call.arguments
  const callee = call.expression
  if (ts.isPropertyAccessExpression(callee) && LEVELS.includes(callee.name.text)) {
    const object = callee.expression.getText()
    if (!/(^|\.)log$/.test(object)) return null
    return { level: callee.name.text, message: first && messagesOf(first).length > 0 ? first : second }
  }
  if (first && ts.isStringLiteralLike(first) && LEVELS.includes(first.text) && second)
    return messagesOf(second).length > 0 ? { level: first.text, message: second } : null
  return null
}

/** The texts that an expression can be; none if it is not text. */
function messagesOf(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')]
  if (ts.isConditionalExpression(node)) return [...messagesOf(node.whenTrue), ...messagesOf(node.whenFalse)]
  if (ts.isParenthesizedExpression(node)) return messagesOf(node.expression)
  return []
}

/** Compares the table's rows (event, level) with the code. */
export function compareEvents(
  events: readonly LogEvent[],
  documented: ReadonlyArray<readonly [message: string, level: string]>,
): { missing: string[]; stale: string[] } {
  const row = (message: string, level: string): string => `| \`${message}\` | ${level} |`
  const real = new Set(events.map(({ message, level }) => row(message, level)))
  const told = new Set(documented.map(([message, level]) => row(message, level)))
  const missing = events
    .filter(({ level, message }) => /^(fatal|error|warn)$/.test(level) && !told.has(row(message, level)))
    .map(({ path, line, level, message }) => `${row(message, level)} … add this row: ${path}:${line}`)
  const stale = [...told].filter((each) => !real.has(each)).map((each) => `${each} … remove this row`)
  return { missing: [...new Set(missing)], stale }
}
