// SPDX-License-Identifier: AGPL-3.0-or-later
// What a browser complains of while it shows a page.

import type { Page } from 'playwright-core'

/** Collects the errors of a page's console, as they come. @param ignored texts that belong to the test */
export function complaintsOf(page: Page, ignored?: RegExp): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !ignored?.test(message.text())) complaints.push(message.text())
  })
  return complaints
}
