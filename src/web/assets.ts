// SPDX-License-Identifier: AGPL-3.0-or-later
// Static files (style sheet, scripts, icon): read once, served from memory.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VIEWS } from './views.js'

export interface Asset {
  body: Buffer
  type: string
  etag: string
}

const TYPES = new Map([
  ['style.css', 'text/css; charset=utf-8'],
  ['copy.js', 'text/javascript; charset=utf-8'],
  ['claimed.js', 'text/javascript; charset=utf-8'],
  ['login.js', 'text/javascript; charset=utf-8'],
  ['icon.png', 'image/png'],
])

export interface Assets {
  get(name: string): Asset | undefined
  /** The URL of an asset. It contains a hash of the content, so browsers may cache it. */
  url(name: string): string
}

/** Reads all assets. Throws if one is missing. */
export function loadAssets(): Assets {
  const byName = new Map<string, Asset>()
  for (const [name, type] of TYPES) {
    const body = readFileSync(join(VIEWS, 'assets', name))
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`
    byName.set(name, { body, type, etag })
  }
  return {
    get: (name) => byName.get(name),
    url: (name) => `/assets/${name}?v=${byName.get(name)?.etag.slice(1, 9) ?? ''}`,
  }
}
