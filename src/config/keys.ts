// SPDX-License-Identifier: AGPL-3.0-or-later
// Every configuration key: default, description, check.

import { isIP } from 'node:net'
import { isDialable } from '../lib/host.js'
import { INVITE_DAYS, INVITE_LEAST_DAYS, INVITE_RANGE, KIB, MIB } from '../lib/limits.js'
import { LOG_LEVELS, type LogLevel } from '../lib/log.js'
import { WORD_BYTES } from '../lib/platform.js'
import { answersProblem, questionProblem } from '../lib/question.js'
import { between, type Check, host, hostNames, matching, networks, path, port, torControl } from './checks.js'

/** One key of the configuration. */
export interface Key {
  /** also the type of the value: null is an optional string, a list is a list of strings */
  default: string | number | boolean | null | readonly string[]
  about: string
  unit?: string
  /** an optional string of digits; the file can also give a number */
  numeric?: true
  check?: Check
  /** applied on SIGHUP; other keys need a restart */
  reloadable?: true
  /** shown in `describeConfig` if there is no default, or an empty one */
  example?: string | readonly string[]
}

// LMDB's map doubles with the file, and one of 4 GiB has no size in 32 bits: the file, which also has indexes and free
// pages, must stay below 2 GiB. It does not take as many addresses, as parts of it are mapped when they are read.
const IS_32_BIT = WORD_BYTES === 4
const STORE_32_BIT = 1024 * MIB
const STORE_MIN = 16 * MIB
const STORE_MAX = IS_32_BIT ? STORE_32_BIT : 2 ** 43

const bytes = between(STORE_MIN, STORE_MAX)

/** Every key. `docs/run-it.md` explains each; a test compares. */
export const KEYS = {
  'ssb.host': {
    default: '0.0.0.0',
    about: 'Address of the SSB listener; :: listens on IPv6 and IPv4.',
    check: host,
  },
  'ssb.port': { default: 8008, about: 'TCP port for SSB; 0 takes a free port.', check: port },
  'web.host': { default: '127.0.0.1', about: 'Address of the plain web listener.', check: host },
  'web.port': {
    default: 8080,
    about: 'TCP port of the plain web listener; 0 takes a free port.',
    check: port,
  },
  'web.ssb': {
    default: false,
    about: 'Accept SSB over WebSocket at / of the web listeners, for apps in a browser.',
  },
  'web.names': {
    default: null,
    about:
      'Further host names of the plain web listener, separated by commas. Names on the local network, such as HOST.lan, are known.',
    check: hostNames,
    example: 'pool.lan, relay.home.example',
  },
  'web.local': {
    default: false,
    about:
      'Serve a set-up page, and later a page with the addresses, on one more plain HTTP listener, to the local network alone.',
  },
  'web.local_host': {
    default: '0.0.0.0',
    about: 'Address of that listener; :: listens on IPv6 and IPv4.',
    check: host,
  },
  'web.local_port': { default: 80, about: 'TCP port of that listener; 0 takes a free port.', check: port },
  'web.local_claim': {
    default: true,
    about: 'Whether that page sets the room up without the token in the first hour after the start.',
  },
  'domain.name': {
    default: null,
    about: 'Public DNS name of this relay, used in invite codes and for the web pages.',
    check: (value: string) =>
      isDialable(value) && isIP(value) === 0 ? null : 'must be a DNS name such as relay.example.org',
    example: 'relay.example.org',
  },
  'domain.alias_subdomains': {
    default: false,
    about:
      'Give each alias its own host, such as bob.relay.example.org. Needs a wildcard in DNS and in the certificate.',
  },
  'domain.host': {
    default: '0.0.0.0',
    about: 'Address of the HTTPS listener and of the HTTP redirect; :: listens on IPv6 and IPv4.',
    check: host,
  },
  'domain.https_port': {
    default: 443,
    about: 'TCP port for HTTPS; behind a reverse proxy, the port of the proxy.',
    check: port,
  },
  'domain.http_port': {
    default: 80,
    about: 'TCP port that redirects to HTTPS and answers the certificate authority (ACME).',
    check: port,
  },
  'domain.tls_key': {
    default: null,
    about: 'PEM file of the TLS key; reloaded when it changes.',
    check: path,
    example: '/etc/ssl/relay.key',
  },
  'domain.tls_cert': {
    default: null,
    about: 'PEM file of the TLS certificate chain; reloaded when it changes.',
    check: path,
    example: '/etc/ssl/relay.pem',
  },
  'domain.acme_email': {
    default: null,
    about:
      'Contact address for certificates by ACME. Setting it enables ACME and accepts the terms of the certificate authority.',
    check: matching(/^[^\s@]+@[^\s@]+$/, 'an e-mail address'),
    example: 'operator@example.org',
  },
  'domain.acme_directory': {
    default: 'https://acme-v02.api.letsencrypt.org/directory',
    about: 'URL of the ACME directory.',
    check: (value: string) =>
      URL.canParse(value) && new URL(value).protocol === 'https:' ? null : 'must be an https:// URL',
  },
  'domain.acme_ca': {
    default: null,
    about: 'PEM file of a root certificate for the ACME directory, for a private authority.',
    check: path,
    example: '/etc/ssl/private-ca.pem',
  },
  'domain.proxy': {
    default: null,
    about:
      'IP address of the reverse proxy that serves HTTPS. Its X-Forwarded-Proto and X-Forwarded-Host are trusted.',
    check: (value: string) => (isIP(value) ? null : 'must be an IP address'),
    example: '127.0.0.1',
  },
  'onion.enabled': { default: false, about: 'Offer the relay as a Tor onion service.' },
  'onion.tor': {
    default: 'spawn',
    about: 'The tor to use: spawn starts one; unix:PATH or HOST:PORT is the control port of a running one.',
    check: torControl,
  },
  'onion.tor_binary': {
    default: null,
    about: 'Path of the tor program to spawn.',
    check: path,
    example: '/usr/bin/tor',
  },
  'onion.extra_torrc': {
    default: null,
    about: "File with lines for the spawned tor's torrc: bridges, pluggable transports.",
    check: path,
    example: '/etc/tidepool/bridges.torrc',
  },
  'onion.cookie': {
    default: null,
    about: "Cookie file of a running tor (default: Debian's paths).",
    check: path,
    example: '/run/tor/control.authcookie',
  },
  'whois.port': {
    default: 26_819,
    about: 'TCP port for looking up the room by its host name; listens on ssb.host; 0 takes a free port.',
    check: port,
  },
  'room.tunnels': {
    default: 1000,
    about: 'Tunnels open at once; each can buffer about 256 KiB.',
    unit: 'tunnels',
    check: between(0, 100_000),
  },
  'room.tunnels_per_peer': {
    default: 32,
    about: 'Tunnels open at once from one peer, and as many to it.',
    unit: 'tunnels',
    check: between(1, 100_000),
  },
  'room.tunnel_bytes': {
    default: 4096 * MIB,
    about: 'Bytes through one tunnel, both directions together; then the tunnel is closed.',
    unit: 'bytes',
    check: between(64 * KIB, 2 ** 50),
  },
  'room.tunnel_seconds': {
    default: 86_400,
    about: 'Lifetime of one tunnel; then the tunnel is closed.',
    unit: 'seconds',
    check: between(1, 31_536_000),
  },
  'invite.captcha': {
    default: true,
    about: 'Require a captcha for an invite on the web.',
    reloadable: true,
  },
  'invite.question': {
    default: null,
    about: 'Question that newcomers answer on the web instead of the captcha, with invite.answers.',
    check: questionProblem,
    example: 'What do we call the boat at our pier?',
    reloadable: true,
  },
  'invite.answers': {
    default: [],
    about: 'Accepted answers; case, spaces, accents and punctuation do not matter.',
    check: (answers: readonly string[]) => (answers.length === 0 ? null : answersProblem(answers)),
    example: ['Limpet', 'the Limpet'],
    reloadable: true,
  },
  'invite.expires_days': {
    default: 7,
    about: 'Days until an invite expires.',
    unit: 'days',
    check: (value: number) =>
      value >= INVITE_LEAST_DAYS && value <= INVITE_DAYS ? null : `must be ${INVITE_RANGE}`,
    reloadable: true,
  },
  'invite.per_hour': {
    default: 60,
    about: 'Invites created on the web per hour, for all visitors together.',
    unit: 'invites',
    check: between(0, 1_000_000),
    reloadable: true,
  },
  'store.max_bytes': {
    default: IS_32_BIT ? STORE_32_BIT : 8 * 1024 * MIB,
    about: 'Size limit of all messages together; then new messages are rejected.',
    unit: 'bytes',
    check: bytes,
    reloadable: true,
  },
  'store.max_feed_bytes': {
    default: 256 * MIB,
    about: 'Size limit of the messages of one feed.',
    unit: 'bytes',
    check: between(64 * KIB, STORE_MAX),
    reloadable: true,
  },
  'feeds.ebt': {
    default: false,
    about:
      "Let members replicate by EBT, as most of today's apps do: Manyverse, and others built on ssb-db2.",
  },
  'matrix.enabled': {
    default: false,
    about: 'Host a lobby on Matrix: one room that users of other homeservers can join.',
  },
  'matrix.server_name': {
    default: null,
    about: 'Server name on Matrix, a part of every user id (default: domain.name).',
    check: matching(
      /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,230})(?::\d{1,5})?$/,
      'a host name, with or without a port',
    ),
    example: 'relay.example.org',
  },
  'matrix.host': {
    default: '0.0.0.0',
    about: 'Address of the Matrix listener, if matrix.port is set; :: listens on IPv6 and IPv4.',
    check: host,
  },
  'matrix.port': {
    default: null,
    numeric: true,
    about: 'TCP port of a separate TLS listener (default: federation uses the HTTPS listener).',
    check: (value: string) =>
      /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? null : 'must be a whole number from 0 to 65535',
    example: '8448',
  },
  'matrix.tls_key': {
    default: null,
    about: 'PEM file of the TLS key of that listener (default: domain.tls_key).',
    check: path,
    example: '/etc/ssl/matrix.key',
  },
  'matrix.tls_cert': {
    default: null,
    about: 'PEM file of the TLS certificate chain of that listener (default: domain.tls_cert).',
    check: path,
    example: '/etc/ssl/matrix.pem',
  },
  'matrix.ca': {
    default: null,
    about: 'PEM file of further root certificates for other Matrix servers.',
    check: path,
    example: '/etc/tidepool/private-ca.pem',
  },
  'matrix.room': {
    default: 'lobby',
    about: "Local part of the lobby's alias, #lobby:SERVER_NAME.",
    check: matching(/^[a-z0-9._=-]{1,64}$/, 'lower-case letters, digits and . _ = -'),
  },
  'matrix.room_version': {
    default: 12,
    about: 'Room version of new rooms: 10, 11 or 12. An existing lobby keeps its version.',
    check: between(10, 12),
  },
  'matrix.keep_messages': {
    default: 2000,
    about: 'Number of messages stored of each Matrix room.',
    unit: 'messages',
    check: between(50, 100_000),
  },
  'matrix.keep_days': {
    default: 30,
    about: 'Days that messages of Matrix rooms are stored.',
    unit: 'days',
    check: between(1, 3650),
  },
  'matrix.allow': {
    default: [],
    about: 'Private networks (CIDR) that the relay may connect to for Matrix.',
    check: networks,
  },
  'metrics.host': {
    default: '127.0.0.1',
    about: 'Address the metrics listener binds to, where metrics.port is set.',
    check: host,
  },
  'metrics.port': {
    default: null,
    numeric: true,
    about: 'TCP port where Prometheus reads /metrics; 0 takes any free one.',
    check: (value: string) =>
      /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? null : 'must be a whole number from 0 to 65535',
    example: '9464',
  },
  'log.level': {
    default: 'info' as LogLevel,
    about: `Least severe level written to the log: ${LOG_LEVELS.join(', ')}.`,
    check: (value: string) =>
      LOG_LEVELS.some((level) => level === value) ? null : `must be one of ${LOG_LEVELS.join(', ')}`,
    reloadable: true,
  },
} satisfies Record<string, Key>
