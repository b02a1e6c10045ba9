// SPDX-License-Identifier: AGPL-3.0-or-later
// A real Synapse on 127.0.0.1, from the virtual environment that `.ci/run` makes, and what a Matrix client asks of it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Authority } from './certificates.js'
import { freePort } from './ports.js'
import { until } from './wait.js'

const HOME = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidepool', 'synapse')
const PYTHON = join(process.env.TIDE_SYNAPSE || HOME, 'bin', 'python')

/** Why there is no Synapse to test against; false where there is one. In CI there always is, or the test fails. */
export function withoutSynapse(): string | false {
  if (process.env.CI || existsSync(PYTHON)) return false
  return `no Synapse: python3 -m venv ${HOME} && ${HOME}/bin/pip install matrix-synapse`
}

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a homeserver answers
  body: any
}

/** A request over HTTPS to a port of this machine. */
export function httpsJson(
  { port, ca, name, ms = 30_000 }: { port: number; ca: string; name?: string; ms?: number },
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(
      {
        host: '127.0.0.1',
        port,
        ca,
        method,
        path,
        servername: name ?? '',
        headers: {
          'Content-Type': 'application/json',
          ...(name ? { host: `${name}:${port}` } : {}),
          ...headers,
        },
        agent: false,
        timeout: ms,
      },
      (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (part: string) => {
          text += part
        })
        res.on('end', () => {
          let parsed: unknown = text
          try {
            parsed = JSON.parse(text)
          } catch {
            // an error page of something in between
          }
          resolve({ status: res.statusCode ?? 0, body: parsed })
        })
      },
    )
    req.on('timeout', () => req.destroy(new Error(`${method} ${path}: no answer`)))
    req.on('error', reject)
    req.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

export interface MatrixUser {
  id: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
  /** Joins by alias or id; answers the room's id. */
  join(room: string, via?: string): Promise<string>
  say(room: string, text: string): Promise<string>
  /** The bodies of a room's messages, oldest first. */
  texts(room: string): Promise<string[]>
  membership(room: string, user: string): Promise<string | undefined>
  /** The rooms that the user is invited to. */
  invites(): Promise<string[]>
}

export interface Synapse {
  name: string
  port: number
  register(name: string): Promise<MatrixUser>
  stop(): Promise<void>
  start(): Promise<void>
  log(): string
}

/** Starts a Synapse whose server name is its address. */
export async function startSynapse(t: Test, authority: Authority, dir: string): Promise<Synapse> {
  const port = await freePort()
  const name = `127.0.0.1:${port}`
  mkdirSync(dir, { recursive: true })
  const { key, cert } = await authority.issue('127.0.0.1')
  const path = (file: string): string => join(dir, file)
  writeFileSync(path('tls.key'), key)
  writeFileSync(path('tls.pem'), cert)
  writeFileSync(path('ca.pem'), authority.root)
  writeFileSync(
    path('signing.key'),
    `ed25519 a_test ${randomBytes(32).toString('base64').replace(/=+$/, '')}\n`,
  )
  writeFileSync(
    path('log.yaml'),
    'version: 1\nformatters: {f: {format: "%(asctime)s %(name)s %(levelname)s %(message)s"}}\nhandlers: {h: {class: logging.StreamHandler, formatter: f}}\nroot: {level: INFO, handlers: [h]}\n',
  )
  const rate = { per_second: 10_000, burst_count: 10_000 }
  // YAML holds JSON
  const config = {
    server_name: name,
    pid_file: path('pid'),
    listeners: [
      {
        port,
        bind_addresses: ['127.0.0.1'],
        type: 'http',
        tls: true,
        resources: [{ names: ['client', 'federation'] }],
      },
    ],
    database: { name: 'sqlite3', args: { database: path('homeserver.db') } },
    log_config: path('log.yaml'),
    media_store_path: path('media'),
    signing_key_path: path('signing.key'),
    tls_certificate_path: path('tls.pem'),
    tls_private_key_path: path('tls.key'),
    federation_custom_ca_list: [path('ca.pem')],
    ip_range_blacklist: [],
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    report_stats: false,
    enable_registration: true,
    enable_registration_without_verification: true,
    macaroon_secret_key: 'm',
    form_secret: 'f',
    rc_message: rate,
    rc_registration: rate,
    rc_joins: { local: rate, remote: rate },
    rc_joins_per_room: rate,
    rc_invites: { per_room: rate, per_user: rate, per_issuer: rate },
    rc_login: { address: rate, account: rate, failed_attempts: rate },
    rc_federation: {
      window_size: 1000,
      sleep_limit: 10_000,
      sleep_delay: 1,
      reject_limit: 10_000,
      concurrent: 20,
    },
    federation: { destination_min_retry_interval: '1s', destination_max_retry_interval: '2s' },
    presence: { enabled: false },
    room_prejoin_state: {},
  }
  writeFileSync(path('homeserver.yaml'), JSON.stringify(config))
  let child: ChildProcess | null = null

  async function start(): Promise<void> {
    const out = openSync(path('out.log'), 'a')
    child = spawn(PYTHON, ['-m', 'synapse.app.homeserver', '-c', path('homeserver.yaml')], {
      cwd: dir,
      stdio: ['ignore', out, out],
    })
    await until(
      `Synapse ${name}`,
      async () => {
        if (child?.exitCode !== null) throw new Error(`Synapse has ended: ${log().slice(-2000)}`)
        const answer = await httpsJson({ port, ca: authority.root }, 'GET', '/_matrix/client/versions').catch(
          () => null,
        )
        return answer?.status === 200
      },
      90_000,
    )
  }
  function stop(): Promise<void> {
    const ending = child
    child = null
    if (!ending || ending.exitCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      ending.once('exit', () => resolve())
      ending.kill('SIGKILL')
    })
  }
  const log = (): string => readFileSync(path('out.log'), 'utf8')
  t.teardown(stop)
  await start()

  async function register(local: string): Promise<MatrixUser> {
    const { body } = await httpsJson({ port, ca: authority.root }, 'POST', '/_matrix/client/v3/register', {
      username: local,
      password: 'correct horse',
      auth: { type: 'm.login.dummy' },
    })
    const { access_token: token, user_id: id } = body
    if (!token) throw new Error(`register ${local}: ${JSON.stringify(body)}`)
    const call = (method: string, at: string, content?: unknown): Promise<Answer> =>
      httpsJson({ port, ca: authority.root, ms: 60_000 }, method, `/_matrix/client/v3${at}`, content, {
        Authorization: `Bearer ${token}`,
      })
    const part = encodeURIComponent
    let count = 0
    return {
      id,
      call,
      async join(room, via) {
        const query = via === undefined ? '' : `?server_name=${part(via)}&via=${part(via)}`
        const answer = await call('POST', `/join/${part(room)}${query}`, {})
        if (answer.status !== 200)
          throw new Error(`join ${room}: ${answer.status} ${JSON.stringify(answer.body)}`)
        return answer.body.room_id
      },
      async say(room, text) {
        count += 1
        const answer = await call('PUT', `/rooms/${part(room)}/send/m.room.message/t${count}`, {
          msgtype: 'm.text',
          body: text,
        })
        if (answer.status !== 200) throw new Error(`say: ${answer.status} ${JSON.stringify(answer.body)}`)
        return answer.body.event_id
      },
      async texts(room) {
        const { body: found } = await call('GET', `/rooms/${part(room)}/messages?dir=b&limit=100`)
        // biome-ignore lint/suspicious/noExplicitAny: what a homeserver answers
        const chunk: any[] = found.chunk ?? []
        return chunk
          .flatMap((event) =>
            event.type === 'm.room.message' && event.content.body ? [event.content.body] : [],
          )
          .reverse()
      },
      async membership(room, user) {
        const { body: found } = await call('GET', `/rooms/${part(room)}/state/m.room.member/${part(user)}`)
        return found.membership
      },
      // another timeout each time: Synapse answers the same question from its cache
      async invites() {
        count += 1
        const { body: found } = await call('GET', `/sync?timeout=${count}`)
        return Object.keys(found.rooms?.invite ?? {})
      },
    }
  }

  return { name, port, register, stop, start, log }
}

/** Runs a script in Synapse's environment; answers what it prints. */
export function python(script: string, input: string): string {
  return execFileSync(PYTHON, ['-c', script], { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
}
