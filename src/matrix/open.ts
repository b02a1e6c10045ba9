// SPDX-License-Identifier: AGPL-3.0-or-later
// Opens the lobby from the configuration: server name and federation listener.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Matrix, MatrixComponents } from './contract.js'
import { parseServerName } from './ids.js'
import { createMatrix, isMatrixPath } from './matrix.js'

/** The keys `matrix.*` of the configuration. */
export interface MatrixSettings {
  server_name: string | null
  host: string
  port: string | null
  tls_key: string | null
  tls_cert: string | null
  ca: string | null
  room: string
  room_version: number
  keep_messages: number
  keep_days: number
  allow: readonly string[]
}

type Answer = (req: IncomingMessage, res: ServerResponse) => unknown

export interface OpenComponents extends Omit<MatrixComponents, 'delegate'> {
  /** called for every request to the own listener; the site counts those it hands to `divert` */
  used(): void
  /** Listens for TLS: with these files, or with the certificate of the domain. */
  listenTls(
    handler: Answer,
    at: { host: string; port: number; name: string },
    files: { key: string; cert: string; name: string } | null,
  ): Promise<{ port: number; close(): Promise<void> }>
}

export interface OpenOptions {
  dataDir: string
  version: string
  domain: string | null
  /** the port at which the domain is reached by HTTPS */
  httpsPort: number
  expiresDays(): number
  invitesPerHour: number
}

export interface OpenedMatrix extends Matrix {
  /** Answers a request to the site's listeners if it is for Matrix; false otherwise. */
  divert(req: IncomingMessage, res: ServerResponse): boolean
  /** the port of our own listener; null where there is none */
  port: number | null
}

/**
 * Opens the lobby and its listener.
 * @throws RelayError `address_unusable`, `certificate_unusable`, `data_unusable`
 */
export async function openMatrix(
  components: OpenComponents,
  settings: MatrixSettings,
  options: OpenOptions,
): Promise<OpenedMatrix> {
  const server = (settings.server_name ?? options.domain ?? '').toLowerCase()
  let ownPort: number | null = null
  const delegate = (): string | null =>
    options.domain === null ? null : `${options.domain}:${ownPort ?? options.httpsPort}`
  const matrix = await createMatrix(
    { ...components, delegate },
    {
      ...{
        dataDir: options.dataDir,
        server,
        version: options.version,
        ca: settings.ca,
        allow: settings.allow,
      },
      alias: settings.room,
      roomVersion: String(settings.room_version),
      keepMessages: settings.keep_messages,
      keepDays: settings.keep_days,
      expiresDays: options.expiresDays,
      invitesPerHour: options.invitesPerHour,
    },
  )
  try {
    const { tls_key: key, tls_cert: cert, port, host } = settings
    const name = parseServerName(server)?.host ?? server
    const listener =
      port === null
        ? null
        : await components.listenTls(
            (req, res) => {
              components.used()
              return matrix.handler(req, res)
            },
            { host, port: Number(port), name: 'matrix' },
            key !== null && cert !== null ? { key, cert, name } : null,
          )
    ownPort = listener?.port ?? null
    return {
      ...matrix,
      port: ownPort,
      divert(req, res) {
        if (!isMatrixPath(req.url)) return false
        matrix.handler(req, res).catch(() => res.destroy())
        return true
      },
      async close() {
        await listener?.close()
        await matrix.close()
      },
    }
  } catch (err) {
    await matrix.close()
    throw err
  }
}
