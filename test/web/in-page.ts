// SPDX-License-Identifier: AGPL-3.0-or-later
// Checks inside a page: keyboard navigation, target sizes, loaded images.

import type { Page } from 'playwright-core'

/** Presses Tab until the focus is on this text or selector, and checks that the focus is visible. */
export async function tabTo(page: Page, wanted: string): Promise<void> {
  const found = wanted.startsWith('#')
    ? `document.activeElement.matches(${JSON.stringify(wanted)})`
    : `document.activeElement.textContent.trim() === ${JSON.stringify(wanted)}`
  for (let presses = 0; presses < 30; presses++) {
    if (await page.evaluate(found)) {
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineWidth')
      if (outline !== '3px') throw new Error(`no focus ring on ${wanted}`)
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`no way to ${wanted} by keyboard`)
}

export function isFocused(page: Page, selector: string): Promise<unknown> {
  return inPage(page, selector, 'e === document.activeElement')
}

export function fitsIn(page: Page, selector: string): Promise<unknown> {
  return inPage(page, selector, 'e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth')
}

/** Waits until an image has loaded or failed. */
export function loaded(page: Page, selector: string): Promise<unknown> {
  return inPage(page, selector, 'e.decode().then(() => "loaded", (error) => String(error))')
}

/** Evaluates an expression about an element in the page. */
export function inPage(page: Page, selector: string, expression: string): Promise<unknown> {
  return page.evaluate(`((e) => ${expression})(document.querySelector(${JSON.stringify(selector)}))`)
}

/** Buttons, fields and standalone links lower than 44 pixels; a field inside its label is as tall as the label. */
export const smallTargets = `[...document.querySelectorAll('button, input, textarea, .button')]
  .filter((e) => e.offsetParent !== null && (e.closest('label') ?? e).getBoundingClientRect().height < 44)
  .map((e) => e.outerHTML.slice(0, 60))`
