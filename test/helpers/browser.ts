// SPDX-License-Identifier: AGPL-3.0-or-later
// A real browser for tests: the system's Chromium, driven by playwright-core.

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const ADVICE = 'no chromium on PATH: apt-get install chromium'

/** Why a test that needs a browser is skipped, or false if it is not. On CI it never is: there it fails. */
export function withoutBrowser(): string | false {
  return find() || process.env.CI ? false : ADVICE
}

/** Opens the browser and closes it with the test. */
export async function openBrowser(t: Test): Promise<Browser> {
  const executablePath = find()
  if (!executablePath) throw new Error(ADVICE)
  const browser = await chromium.launch({ executablePath, headless: true, args: ARGUMENTS })
  t.teardown(() => browser.close())
  return browser
}

function find(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
