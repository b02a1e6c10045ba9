// SPDX-License-Identifier: AGPL-3.0-or-later
// The doctor's checks of the system, as pure functions from facts to findings.

import { isIPv6 } from 'node:net'
import { DAY, MIB, MINUTE, RECOVERY_MS } from '../../lib/limits.js'
import { unfitMachine } from '../../lib/platform.js'
import { count } from '../../lib/text.js'
import { sound, trouble } from '../../operator/health-checks.js'
import type { DoctorCheck } from '../../operator/protocol.js'
import type { Facts } from './facts.js'

/** Total memory in bytes below which a relay on Debian runs short. */
const LOW_MEMORY = 400 * MIB
/** Available memory in bytes below which the kernel may soon kill the relay. */
const LEAST_AVAILABLE = 50 * MIB
/** Days before the end of a certificate: it should have been renewed earlier. */
const CERTIFICATE_DAYS = 10

/** Runs every check, in the order of the output. A check that does not apply returns nothing. */
export function checkSystem(facts: Facts): DoctorCheck[] {
  return CHECKS.flatMap((check) => check(facts))
}

type Check = (facts: Facts) => DoctorCheck[]

const CHECKS: readonly Check[] = [
  checkRunning,
  checkRecovery,
  checkMachine,
  checkMemory,
  checkSynchronized,
  checkFiles,
  checkPorts,
  checkTor,
  checkDomain,
  checkProxy,
  checkCertificate,
]

function checkRunning({ status }: Facts): DoctorCheck[] {
  if (status) return [sound('relay', `version ${status.version} runs as process ${status.pid}`)]
  return [
    trouble(
      'relay',
      'error',
      'no relay runs on this data directory',
      'start it: tidepool start, or systemctl start tidepool; checks of a running relay were skipped',
    ),
  ]
}

/** A recovering relay looks healthy from outside, but nobody can join. */
function checkRecovery({ status }: Facts): DoctorCheck[] {
  if (!status?.recovering) return []
  const waiting = `until a peer that has its feed connects, and ${RECOVERY_MS / MINUTE} minutes more`
  return [
    trouble(
      'feed',
      'warning',
      'restored and recovering: the relay publishes nothing yet, so nobody can join',
      `wait ${waiting}; if no such peer exists: tidepool restore --finish`,
    ),
  ]
}

function checkMachine({ kernel }: Facts): DoctorCheck[] {
  const unfit = unfitMachine(kernel)
  return [unfit ? trouble('machine', 'error', unfit, 'use another board') : sound('machine', kernel)]
}

function checkMemory({ memory: { total, available } }: Facts): DoctorCheck[] {
  const shown = `${Math.round(available / MIB)} of ${Math.round(total / MIB)} MiB are free`
  if (available < LEAST_AVAILABLE)
    return [trouble('memory', 'error', shown, 'stop other programs, or the kernel may kill the relay')]
  if (total < LOW_MEMORY)
    return [trouble('memory', 'warning', shown, 'run few other programs here, and add swap (zram)')]
  return [sound('memory', shown)]
}

/** Whether the network sets the clock. The relay itself checks the time. */
function checkSynchronized({ synchronized, status }: Facts): DoctorCheck[] {
  if (status?.time === 'agreement' && !synchronized)
    return [
      sound('time', 'the network does not set the clock, but the clock has run without a step for an hour'),
    ]
  if (status?.time === 'unconfirmed') {
    const found =
      'the clock is not confirmed: nothing that has expired is deleted, new invites expire by uptime, not by date'
    return [
      trouble('time', 'warning', found, 'let the network set it: timedatectl set-ntp true; or wait an hour'),
    ]
  }
  if (synchronized === null) return [sound('time', 'unknown whether the network sets the clock')]
  if (synchronized) return [sound('time', 'the network sets the clock')]
  const advice = 'let the network set it: timedatectl set-ntp true'
  return [trouble('time', 'warning', 'the network does not set the clock', advice)]
}

/** Whether other users can read the relay's files. */
function checkFiles({ files, dataDir }: Facts): DoctorCheck[] {
  const owner = files.find(({ name }) => name === '.')?.uid ?? null
  return files.flatMap(({ name, mode, uid }) => {
    const path = name === '.' ? dataDir : `${dataDir}/${name}`
    if (mode === null) {
      const needed = name === '.' || name === 'secret'
      const advice = 'set the right directory with --data, or start the relay, which creates it'
      return needed ? [trouble('files', 'error', `${path} does not exist`, advice)] : []
    }
    const found: DoctorCheck[] = []
    if ((mode & 0o077) !== 0 && name !== 'db')
      found.push(
        trouble(
          'files',
          'error',
          `${path} has mode 0${mode.toString(8)}: other users can access it`,
          `chmod go= ${path}`,
        ),
      )
    if (uid !== owner)
      found.push(
        trouble(
          'files',
          'error',
          `${path} belongs to user ${uid}, the data directory to ${owner}`,
          `chown -R ${owner} ${dataDir}`,
        ),
      )
    return found.length > 0 ? found : [sound('files', `${path} is closed to other users`)]
  })
}

function checkPorts({ ports }: Facts): DoctorCheck[] {
  return ports.map(({ name, host, port, state, holder }) => {
    const where = `${name}: ${host}:${port}`
    if (state === 'answers') return sound('ports', `${where} answers`)
    if (state === 'free') return sound('ports', `${where} is free`)
    if (state === 'silent')
      return trouble('ports', 'error', `${where} does not answer`, 'check the firewall, then the log')
    if (state === 'EADDRINUSE')
      return trouble(
        'ports',
        'error',
        `${where} is in use by ${holder ?? 'another program'}`,
        `stop that program, or choose another port with ${keyOf(name)}`,
      )
    if (state === 'EACCES')
      return trouble(
        'ports',
        'warning',
        `${where} is for privileged programs only`,
        'run the relay with systemd/tidepool.service, which may use it',
      )
    return trouble('ports', 'error', `${where} cannot be used: ${state}`, 'correct the address')
  })
}

/** The configuration key of a port, by its name in findings. */
function keyOf(port: string): string {
  return port === 'https' || port === 'http' ? `domain.${port}_port` : `${port}.port`
}

/** Advice by the onion's reason, for problems that waiting does not solve. */
const TOR_ADVICE: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /no progress of tor/,
    'let tor out through the firewall, or give it bridges: onion.extra_torrc in docs/run-it.md',
  ],
  [/there is no program/, 'apt-get install tor, or set onion.tor_binary'],
  [/extra_torrc/, 'correct the file that onion.extra_torrc names'],
  [
    /cookie|uthenti/,
    "let the relay's user read tor's cookie (adduser tidepool debian-tor), or set onion.cookie",
  ],
  [
    /ECONNREFUSED|ENOENT|EACCES|ENOTFOUND|does not listen/,
    'start that tor with a ControlPort, or correct onion.tor',
  ],
  [/tor ended/, 'correct what tor reports; its output is in the log at log.level = debug'],
  [/onion\.key/, 'restore a copy of onion.key: tidepool onion import; or move it away to get a new address'],
  [/clock/, 'set the clock: timedatectl set-ntp true'],
]

function checkTor({ tor, status }: Facts): DoctorCheck[] {
  const findings: DoctorCheck[] = []
  if (tor?.version) findings.push(sound('tor', `version ${tor.version}`))
  else if (tor)
    findings.push(
      trouble('tor', 'error', 'no tor program was found', 'apt-get install tor, or set onion.tor_binary'),
    )
  const onion = status?.onion
  if (!onion || onion.state === 'disabled') return findings
  const reason = typeof onion.reason === 'string' ? `: ${onion.reason}` : ''
  const said = `the onion is ${onion.state}${reason}`
  if (onion.state === 'published' || onion.state === 'reachable') findings.push(sound('onion', said))
  else {
    const why = typeof onion.reason === 'string' ? onion.reason : ''
    const known = TOR_ADVICE.find(([form]) => form.test(why))?.[1]
    const severity = onion.state === 'degraded' || known ? 'error' : 'warning'
    const advice = known ?? 'wait two minutes, then search the log for tor'
    findings.push(trouble('onion', severity, said, advice))
  }
  return findings
}

function checkDomain({ domain }: Facts): DoctorCheck[] {
  if (!domain) return []
  const { name, addresses, own, failure, narrow = [] } = domain
  if (addresses.length === 0)
    return [
      trouble(
        'dns',
        'error',
        `${name} does not resolve (${failure ?? 'no address'})`,
        'add an A or AAAA record with the address of this machine or of its router',
      ),
    ]
  // clients try IPv6 first, and routers do not forward IPv6 ports to another address
  const six = addresses.filter((address) => isIPv6(address))
  const [elsewhere] = six.filter((address) => !own.includes(address))
  if (elsewhere !== undefined)
    return [
      trouble(
        'dns',
        'warning',
        `${name} has an AAAA record, ${elsewhere}, that is not an address of this machine`,
        'correct the AAAA record or remove it; behind a proxy on another machine it may be right',
      ),
    ]
  if (six.length > 0 && narrow.length > 0)
    return [
      trouble(
        'dns',
        'warning',
        `${name} has an AAAA record, ${six[0]}, but the relay listens on IPv4 only`,
        `set ${narrow.join(' and ')} to "::", or remove the AAAA record`,
      ),
    ]
  const ours = addresses.some((address) => own.includes(address))
  const hint = ours
    ? 'an address of this machine'
    : 'not an address of this machine: a router or proxy must forward to it'
  return [sound('dns', `${name} is ${addresses.join(', ')}, ${hint}`)]
}

/** Requests through a proxy that does not set the required headers are refused. */
function checkProxy({ status }: Facts): DoctorCheck[] {
  if (status?.https.state !== 'proxied') return []
  const { reason } = status.https
  const advice =
    'set the header in the proxy: docs/run-it.md, "A reverse proxy in front", has nginx, Caddy and Apache'
  return [reason === null ? sound('proxy', 'no problem found') : trouble('proxy', 'error', reason, advice)]
}

function checkCertificate({ status, now }: Facts): DoctorCheck[] {
  const https = status?.https
  if (!https || https.state === 'off' || https.state === 'proxied') return []
  const reason = https.reason ? `: ${https.reason}` : ''
  if (https.state === 'valid') {
    const days = https.expires === null ? null : Math.floor((https.expires - now) / DAY)
    if (days !== null && days < CERTIFICATE_DAYS)
      return [trouble('certificate', 'warning', `expires in ${count(days, 'day')}${reason}`, RENEW)]
    return [sound('certificate', days === null ? 'valid' : `valid for ${count(days, 'day')}`)]
  }
  const words = {
    waiting: 'no certificate yet',
    expired: 'expired',
    not_yet_valid: 'not valid yet by this clock',
  }[https.state]
  return [trouble('certificate', 'error', `${words}${reason}`, RENEW)]
}

const RENEW =
  'renew the file of domain.tls_cert; with ACME, check that port 80 of the domain reaches this relay, and the log'
