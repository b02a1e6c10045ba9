// SPDX-License-Identifier: AGPL-3.0-or-later
// Loads the lobby on Matrix and connects it to the other parts of the relay.

import type { Clock } from '../lib/clock.js'
import type { Counters } from '../lib/counters.js'
import { DAY } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { MatrixSettings, OpenedMatrix } from '../matrix/open.js'
import { inviteLink } from '../ssb/links.js'
import type { Store } from '../store/store.js'
import { listenWithCertificate, type PublicName } from '../web/app.js'

export interface LobbyParts {
  store: Store
  clock: Clock
  log: Log
  counters: Counters
  name(): string
  /** URL of the pages, without a path */
  site(): string
  domain: Pick<PublicName, 'onPair'>
  /** called for each request; after a busy time memory is returned to the system */
  used(): void
  /** default validity of an invite, in days */
  expiresDays(): number
}

export interface LobbyConfig {
  matrix: MatrixSettings
  domain: { name: string | null; https_port: number }
  invite: { per_hour: number }
}

/** Opens the lobby and its listener. Only this function loads `src/matrix`, so a relay without a lobby does not. */
export async function openLobby(
  { store, clock, log, counters, name, site, domain, used, expiresDays }: LobbyParts,
  { matrix, domain: { name: host, https_port: httpsPort }, invite }: LobbyConfig,
  options: { dataDir: string; version: string },
): Promise<OpenedMatrix> {
  const { openMatrix } = await import('../matrix/open.js')
  return openMatrix(
    {
      ...{ store, clock, log, counters, name, used },
      frontPage: site,
      listenTls: (handler, at, files) =>
        listenWithCertificate({ handler, log, clock, domain }, { ...at, counters }, files),
      async mintInvite(note) {
        const { seed } = await store.invites.create({
          expires: Math.trunc(clock.now() + expiresDays() * DAY),
          by: 'captcha',
          note,
        })
        return { link: inviteLink(site(), seed) }
      },
    },
    matrix,
    { ...options, expiresDays, domain: host, httpsPort, invitesPerHour: invite.per_hour },
  )
}
