// SPDX-License-Identifier: AGPL-3.0-or-later
// What holds for every page in a browser: it fits a small phone and a desk, and reads in both palettes.

import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { violations } from './axe.js'
import { contrastProblems } from './contrast.js'
import { smallTargets } from './in-page.js'

/** The smallest phone that we care for. */
export const SMALL = { width: 320, height: 568 }
const LARGE = { width: 1280, height: 800 }

/** Checks width, targets and contrast of the page that is shown, in each size and palette, without loading it again. */
export async function checkLook(t: Test, page: Page, name: string): Promise<void> {
  for (const viewport of [LARGE, SMALL]) {
    await page.setViewportSize(viewport)
    const where = `${name} at ${viewport.width}`
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${where}: fits`)
    t.same(await page.evaluate(smallTargets), [], `${where}: targets`)
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      t.same(await page.evaluate(contrastProblems), [], `${where}: contrast, ${colorScheme}`)
    }
  }
}

/** The same, and axe-core, which takes longer than all the rest. */
export async function checkReadable(t: Test, page: Page, name: string): Promise<void> {
  await checkLook(t, page, name)
  t.same(await violations(page), [], `${name}: axe`)
}
