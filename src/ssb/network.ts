// SPDX-License-Identifier: AGPL-3.0-or-later
// The network key of the main SSB network. Both sides of a handshake need the same key.

import { createRequire } from 'node:module'

// required, because importing a JSON module prints a warning in Node 20
const caps = createRequire(import.meta.url)('ssb-caps') as { shs: string }

/** base64, as secret-stack's `caps.shs` takes it. */
export const NETWORK_KEY = caps.shs
