// SPDX-License-Identifier: AGPL-3.0-or-later
// What holds for every page in a browser: it fits a small phone and a desk, and reads in both palettes.

import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { violations } from './axe.js'
import { contrastProblems } from './contrast.js'
import { smallTargets } from './in-page.js'

/** The smallest phone that we care for. */
export const SMALL = { width: 320, height: 568 }
export const LARGE = { width: 1280, height: 800 }

/** Checks that the page shown needs no sideways scroll and has no target too small, in each size. */
export async function checkFits(t: Test, page: Page, name: string): Promise<void> {
  const before = page.viewportSize()
  for (const viewport of [LARGE, SMALL]) {
    await page.setViewportSize(viewport)
    const where = `${name} at ${viewport.width}`
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${where}: fits`)
    t.same(await page.evaluate(smallTargets), [], `${where}: targets`)
  }
  if (before) await page.setViewportSize(before)
}

/** Checks the contrast of the page shown in each palette: once in one language, as words have no colours. */
export async function checkContrast(t: Test, page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    t.same(await page.evaluate(contrastProblems), [], `${name}: contrast, ${colorScheme}`)
  }
}

/** All checks of a page: sizes, palettes and axe-core. */
export async function checkReadable(t: Test, page: Page, name: string): Promise<void> {
  await checkFits(t, page, name)
  await checkContrast(t, page, name)
  t.same(await violations(page), [], `${name}: axe`)
}
