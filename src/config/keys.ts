// Every configuration key: its default, what it means, and what a value must be.

import { isIP } from 'node:net'
import { isDialable } from '../lib/host.js'
import { INVITE_DAYS, INVITE_LEAST_DAYS, INVITE_RANGE, KIB, MIB } from '../lib/limits.js'
import { LOG_LEVELS, type LogLevel } from '../lib/log.js'
import { WORD_BYTES } from '../lib/platform.js'

/** How a value is checked: answers what is wrong with it, or null. */
type Check = (value: never) => string | null

/** One key of the configuration. */
export interface Key {
  /** also decides the type: null stands for text that may be absent, a list for one of texts */
  default: string | number | boolean | null | readonly string[]
  about: string
  unit?: string
  /** text that may be absent and is a number where it is not: the file may give it as one */
  numeric?: true
  check?: Check
  /** takes effect on SIGHUP; every other key waits for a restart */
  reloadable?: true
  /** shown in `describeConfig` where there is no default */
  example?: string
}

// A process of 32 bits crashed as LMDB's map grew past some 450 MiB, so its store may not come near that.
const NARROW = WORD_BYTES === 4
const NARROW_STORE = 384 * MIB
const STORE_LEAST = 16 * MIB
const STORE_MOST = NARROW ? NARROW_STORE : 2 ** 43

const HOST = /^[A-Za-z0-9._:%-]{1,255}$/
const NAME =
  /^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/

const between =
  (least: number, most: number): Check =>
  (value: number) =>
    Number.isSafeInteger(value) && value >= least && value <= most
      ? null
      : `must be a whole number from ${least} to ${most}`
const matching =
  (form: RegExp, words: string): Check =>
  (value: string) =>
    form.test(value) ? null : `must be ${words}`
const port = between(0, 65_535)
const host = matching(HOST, 'a host name or an IP address')
const path: Check = (value: string) => (value.includes('\0') ? 'must be a path' : null)
const bytes = between(STORE_LEAST, STORE_MOST)

/** Every key there is, in the order an operator meets them. `docs/run-it.md` explains each; a test compares. */
export const KEYS = {
  'ssb.host': {
    default: '0.0.0.0',
    about: 'Address the SSB listener binds to; :: for IPv6 as well.',
    check: host,
  },
  'ssb.port': { default: 8008, about: 'TCP port for SSB; 0 takes any free one.', check: port },
  'web.host': { default: '127.0.0.1', about: 'Address the plain web listener binds to.', check: host },
  'web.port': {
    default: 8080,
    about: 'TCP port of the plain web listener; 0 takes any free one.',
    check: port,
  },
  'web.names': {
    default: null,
    about:
      'More names by which the plain web listener is reached, with commas between them; names on the local network, such as HOST.lan, are known.',
    check: (value: string) =>
      value.split(',').every((name) => NAME.test(name.trim()))
        ? null
        : 'must be names such as pool.lan, with commas between them',
    example: 'pool.lan, relay.home.example',
  },
  'domain.name': {
    default: null,
    about: 'Public DNS name of this relay: it goes into invite codes, and the web answers to it.',
    check: (value: string) =>
      isDialable(value) && isIP(value) === 0 ? null : 'must be a DNS name such as relay.example.org',
    example: 'relay.example.org',
  },
  'domain.alias_subdomains': {
    default: false,
    about:
      'Give each alias a host of its own, such as bob.relay.example.org; needs a wildcard in DNS and in the certificate.',
  },
  'domain.host': {
    default: '0.0.0.0',
    about: 'Address the HTTPS listener and the one that redirects to it bind to; :: for IPv6 as well.',
    check: host,
  },
  'domain.https_port': {
    default: 443,
    about: 'TCP port for HTTPS under the domain; behind a proxy, the port at which the proxy is reached.',
    check: port,
  },
  'domain.http_port': {
    default: 80,
    about: 'TCP port that redirects to HTTPS and answers the certificate authority.',
    check: port,
  },
  'domain.tls_key': {
    default: null,
    about: 'PEM file of the TLS key; read again when it changes.',
    check: path,
    example: '/etc/ssl/relay.key',
  },
  'domain.tls_cert': {
    default: null,
    about: 'PEM file of the TLS chain; read again when it changes.',
    check: path,
    example: '/etc/ssl/relay.pem',
  },
  'domain.acme_email': {
    default: null,
    about:
      'Fetch certificates by ACME, with this contact; setting it agrees to the terms of the certificate authority.',
    check: matching(/^[^\s@]+@[^\s@]+$/, 'an e-mail address'),
    example: 'operator@example.org',
  },
  'domain.acme_directory': {
    default: 'https://acme-v02.api.letsencrypt.org/directory',
    about: 'Where the certificate authority is asked (ACME directory).',
    check: (value: string) =>
      URL.canParse(value) && new URL(value).protocol === 'https:' ? null : 'must be an https:// URL',
  },
  'domain.acme_ca': {
    default: null,
    about: 'PEM file of a root that vouches for the ACME directory, for an authority of your own.',
    check: path,
    example: '/etc/ssl/private-ca.pem',
  },
  'domain.proxy': {
    default: null,
    about:
      'Address of the reverse proxy that serves HTTPS for us, whose X-Forwarded-Proto and -Host are believed.',
    check: (value: string) => (isIP(value) ? null : 'must be an IP address'),
    example: '127.0.0.1',
  },
  'onion.enabled': { default: false, about: 'Offer the relay as a Tor onion service.' },
  'onion.tor': {
    default: 'spawn',
    about: 'Which tor to use: spawn our own, or the control port of a running one (unix:PATH or HOST:PORT).',
    check: (value: string) =>
      value === 'spawn' || /^unix:\/[^\0]+$/.test(value) || isHostPort(value)
        ? null
        : 'must be spawn, unix:/PATH or HOST:PORT',
  },
  'onion.tor_binary': {
    default: null,
    about: 'The tor program to spawn.',
    check: path,
    example: '/usr/bin/tor',
  },
  'onion.extra_torrc': {
    default: null,
    about: "File whose lines are appended to the spawned tor's torrc: bridges, pluggable transports.",
    check: path,
    example: '/etc/tidepool/bridges.torrc',
  },
  'onion.cookie': {
    default: null,
    about: 'Cookie file of a running tor; by default it is looked for where Debian keeps it.',
    check: path,
    example: '/run/tor/control.authcookie',
  },
  'whois.port': {
    default: 26_819,
    about:
      'TCP port where clients look up the room by its host alone; bound to ssb.host; 0 takes any free one.',
    check: port,
  },
  'room.tunnels': {
    default: 1000,
    about: 'Tunnels open at once; each may hold some 256 KiB on its way.',
    unit: 'tunnels',
    check: between(0, 100_000),
  },
  'room.tunnels_per_peer': {
    default: 32,
    about: 'Tunnels one peer may have opened at once, and as many that others have opened to it.',
    unit: 'tunnels',
    check: between(1, 100_000),
  },
  'room.tunnel_bytes': {
    default: 4096 * MIB,
    about: 'What one tunnel may carry, both ways together, before it is ended and has to be opened anew.',
    unit: 'bytes',
    check: between(64 * KIB, 2 ** 50),
  },
  'room.tunnel_seconds': {
    default: 86_400,
    about: 'How long one tunnel may last before it is ended and has to be opened anew.',
    unit: 'seconds',
    check: between(1, 31_536_000),
  },
  'invite.captcha': {
    default: true,
    about: 'Ask a puzzle before an invite is given on the web.',
    reloadable: true,
  },
  'invite.expires_days': {
    default: 7,
    about: 'How long an invite is good for.',
    unit: 'days',
    check: (value: number) =>
      value >= INVITE_LEAST_DAYS && value <= INVITE_DAYS ? null : `must be ${INVITE_RANGE}`,
    reloadable: true,
  },
  'invite.per_hour': {
    default: 60,
    about: 'Invites the web gives out in an hour, to everyone together.',
    unit: 'invites',
    check: between(0, 1_000_000),
    reloadable: true,
  },
  'store.max_bytes': {
    default: NARROW ? NARROW_STORE : 8 * 1024 * MIB,
    about: 'What all messages together may take; beyond it new ones are refused.',
    unit: 'bytes',
    check: bytes,
    reloadable: true,
  },
  'store.max_feed_bytes': {
    default: 256 * MIB,
    about: 'What the messages of one feed may take.',
    unit: 'bytes',
    check: between(64 * KIB, STORE_MOST),
    reloadable: true,
  },
  'matrix.enabled': {
    default: false,
    about: 'Host a lobby on Matrix: one room that other homeservers can join by federation.',
  },
  'matrix.server_name': {
    default: null,
    about: 'Name of this relay as a Matrix server, which is part of every user id; by default domain.name.',
    check: matching(
      /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,230})(?::\d{1,5})?$/,
      'a host name, with or without a port',
    ),
    example: 'relay.example.org',
  },
  'matrix.host': {
    default: '0.0.0.0',
    about: 'Address the Matrix listener binds to, where matrix.port is set; :: for IPv6 as well.',
    check: host,
  },
  'matrix.port': {
    default: null,
    numeric: true,
    about: 'TCP port of a TLS listener of its own; without it federation is served on the HTTPS listener.',
    check: (value: string) =>
      /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? null : 'must be a whole number from 0 to 65535',
    example: '8448',
  },
  'matrix.tls_key': {
    default: null,
    about: 'PEM file of the TLS key of that listener; by default the one of the domain.',
    check: path,
    example: '/etc/ssl/matrix.key',
  },
  'matrix.tls_cert': {
    default: null,
    about: 'PEM file of the TLS chain of that listener; by default the one of the domain.',
    check: path,
    example: '/etc/ssl/matrix.pem',
  },
  'matrix.ca': {
    default: null,
    about: 'PEM file of further roots that vouch for other Matrix servers.',
    check: path,
    example: '/etc/tidepool/private-ca.pem',
  },
  'matrix.room': {
    default: 'lobby',
    about: 'Local part of the alias of the lobby: #lobby:SERVER_NAME.',
    check: matching(/^[a-z0-9._=-]{1,64}$/, 'lower-case letters, digits and . _ = -'),
  },
  'matrix.room_version': {
    default: 12,
    about: 'Version of rooms that the relay makes: 10, 11 or 12. A lobby that exists keeps its own.',
    check: between(10, 12),
  },
  'matrix.keep_messages': {
    default: 2000,
    about: 'Messages kept of each Matrix room.',
    unit: 'messages',
    check: between(50, 100_000),
  },
  'matrix.keep_days': {
    default: 30,
    about: 'How long messages of Matrix rooms are kept.',
    unit: 'days',
    check: between(1, 3650),
  },
  'matrix.allow': {
    default: [],
    about: 'Networks (CIDR) that the relay may call for Matrix although they are private.',
    check: (value: readonly string[]) => value.map(wrongNetwork).find((wrong) => wrong !== null) ?? null,
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
    about: `Least severe entry written to the log: ${LOG_LEVELS.join(', ')}.`,
    check: (value: string) =>
      LOG_LEVELS.some((level) => level === value) ? null : `must be one of ${LOG_LEVELS.join(', ')}`,
    reloadable: true,
  },
} satisfies Record<string, Key>

function isHostPort(value: string): boolean {
  const [, hostPart = '', portPart = ''] = /^(.+):(\d{1,5})$/.exec(value) ?? []
  return HOST.test(hostPart) && Number(portPart) >= 1 && Number(portPart) <= 65_535
}

/** What is wrong with a network, or null. */
function wrongNetwork(cidr: string): string | null {
  const [address = '', bits = ''] = cidr.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most
    ? null
    : 'must be a list of networks such as 10.0.0.0/8'
}
