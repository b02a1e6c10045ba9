// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs axe-core in a page.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The violations that axe finds: the rule, and the first element that breaks it. @param rules only these */
export async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(source)
  const options = JSON.stringify(
    rules ? { runOnly: rules, resultTypes: ['violations'] } : { resultTypes: ['violations'] },
  )
  return page.evaluate(
    `axe.run(${options}).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 100)))`,
  )
}
