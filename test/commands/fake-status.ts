// SPDX-License-Identifier: AGPL-3.0-or-later
// The status of a relay that does not exist.

import { MATRIX_DISABLED } from '../../src/operator/matrix.js'
import type { RelayStatus } from '../../src/operator/protocol.js'
import { NO_HTTPS } from '../../src/operator/status.js'

export const STATUS: RelayStatus = {
  id: '@fake.ed25519',
  pid: process.pid,
  version: '0.0.0',
  mode: 'open',
  name: 'fake',
  uptime_s: 0,
  recovering: false,
  time: 'network',
  addresses: {
    ssb: ['net:fake:8008~shs:k'],
    web: 'http://127.0.0.1:8080/',
    https: null,
    onion: null,
    whois: null,
    local: null,
    metrics: null,
  },
  members: 0,
  online: 0,
  ebt_refused: 0,
  tunnels: 0,
  peers: { known: 0, connected: 0, lost: 0 },
  feeds: 0,
  messages: 0,
  message_bytes: 0,
  max_bytes: 8 * 1024 ** 3,
  db_bytes: 0,
  rss_bytes: 0,
  https: NO_HTTPS,
  onion: { state: 'disabled' },
  matrix: MATRIX_DISABLED,
  last_backup: null,
  warnings: [],
  warning_codes: [],
}
