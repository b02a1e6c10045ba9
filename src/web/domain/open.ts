// SPDX-License-Identifier: AGPL-3.0-or-later
// Opens the relay's public name: with HTTPS of our own, behind a proxy, or without HTTPS.

import { join } from 'node:path'
import type { CertificateState, Domain, DomainComponents, DomainStatus } from './domain.js'

/** The `domain.*` settings, already validated. */
export interface DomainSettings {
  name: string | null
  alias_subdomains: boolean
  host: string
  https_port: number
  http_port: number
  tls_key: string | null
  tls_cert: string | null
  acme_email: string | null
  acme_directory: string
  acme_ca: string | null
  proxy: string | null
  /** data directory; ACME certificates are in its `tls` directory */
  dataDir: string
}

/** HTTPS status. `off`: no HTTPS; `proxied`: a reverse proxy has the certificate. */
export interface HttpsStatus extends Omit<DomainStatus, 'state' | 'source' | 'http_port'> {
  state: CertificateState | 'off' | 'proxied'
  source: DomainStatus['source'] | null
  http_port: number | null
}

export interface PublicName extends Pick<Domain, 'url' | 'check' | 'onPair' | 'close'> {
  status(): HttpsStatus
}

/**
 * Opens the listeners that the settings ask for. The TLS code is loaded only if the relay serves HTTPS itself.
 * @throws RelayError `address_unusable`, `certificate_unusable`
 */
export async function openDomain(
  components: DomainComponents,
  settings: DomainSettings,
): Promise<PublicName> {
  // authorities accept lower case only
  const hostname = settings.name?.toLowerCase()
  const { host, https_port, http_port, tls_key, tls_cert, acme_email, proxy } = settings
  const own =
    tls_key && tls_cert
      ? { key: tls_key, cert: tls_cert }
      : acme_email
        ? {
            email: acme_email,
            directory: settings.acme_directory,
            ca: settings.acme_ca,
            dir: join(settings.dataDir, 'tls'),
          }
        : null
  if (hostname && own) {
    const { createDomain } = await import('./domain.js')
    return createDomain(components, {
      hostname,
      aliasSubdomains: settings.alias_subdomains,
      host,
      httpsPort: https_port,
      httpPort: http_port,
      certificate: own,
    })
  }
  const state = hostname && proxy ? 'proxied' : 'off'
  const url = state === 'proxied' ? `https://${hostname}${https_port === 443 ? '' : `:${https_port}`}` : null
  return {
    url: () => url,
    status: () => ({
      state,
      source: null,
      issuer: null,
      expires: null,
      renews: null,
      reason: null,
      http_port: null,
    }),
    onPair() {},
    async check() {},
    async close() {},
  }
}
