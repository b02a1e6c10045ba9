// SPDX-License-Identifier: AGPL-3.0-or-later
// A TLS listener beside the site's, with certificate files of its own or the domain's certificate.

import type { Clock } from '../../lib/clock.js'
import { CERTIFICATE_LOOK_MS } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import type { Handler } from '../contract.js'
import { type ListenAt, type Listener, listenTls } from '../listen.js'
import { watchCertificateFiles } from './certificate-files.js'
import type { PublicName } from './open.js'

/**
 * Listens for TLS.
 * @param files PEM files and the hostname they must be for, watched for changes; null: the domain's certificate
 * @throws RelayError `address_unusable`, `certificate_unusable`
 */
export async function listenWithCertificate(
  {
    handler,
    log,
    clock,
    domain,
  }: { handler: Handler; log: Log; clock: Clock; domain: Pick<PublicName, 'onPair'> },
  at: ListenAt,
  files: { key: string; cert: string; name: string } | null,
): Promise<Listener> {
  const listener = await listenTls(handler, at)
  if (!files) {
    domain.onPair(listener.present)
    return listener
  }
  try {
    const source = await watchCertificateFiles(
      { log, now: clock.now, present: listener.present },
      { key: files.key, cert: files.cert, hostname: files.name },
    )
    const stop = clock.every(CERTIFICATE_LOOK_MS, () => void source.check())
    const { close } = listener
    return Object.assign(listener, {
      close() {
        stop()
        return close()
      },
    })
  } catch (err) {
    await listener.close()
    throw err
  }
}
