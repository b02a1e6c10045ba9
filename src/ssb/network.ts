// The network key of the main SSB network: both ends of a handshake must hold the same one.

import { createRequire } from 'node:module'

// A JSON module, which Node 20 imports only with a warning on every start.
const caps = createRequire(import.meta.url)('ssb-caps') as { shs: string }

/** base64, as secret-stack's `caps.shs` takes it. */
export const NETWORK_KEY = caps.shs
