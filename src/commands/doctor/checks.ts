// The doctor's checks of the system: one function each, facts in, findings out. Knows no disk and no network.

import { isIPv6 } from 'node:net'
import { DAY, MIB, MINUTE, RECOVERY_MS } from '../../lib/limits.js'
import { unfitMachine } from '../../lib/platform.js'
import { count } from '../../lib/text.js'
import { sound, trouble } from '../../operator/health-checks.js'
import type { DoctorCheck } from '../../operator/protocol.js'
import type { Facts } from './facts.js'

/** Bytes of memory below which a relay and its Debian have a hard time. */
const LOW_MEMORY = 400 * MIB
/** Bytes of memory not in use below which the kernel may soon end the relay. */
const LEAST_AVAILABLE = 50 * MIB
/** Days before a certificate's end at which it should long have been renewed. */
const CERTIFICATE_DAYS = 10

/** Every check, in the order in which its findings are shown; what does not apply answers nothing. */
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
      'start it: tidepool start, or systemctl start tidepool; what a running one would say is not checked',
    ),
  ]
}

/** A restored relay looks well from outside, and lets nobody in. */
function checkRecovery({ status }: Facts): DoctorCheck[] {
  if (!status?.recovering) return []
  const waiting = `somebody who holds its feed, and ${RECOVERY_MS / MINUTE} minutes more`
  return [
    trouble(
      'feed',
      'warning',
      'restored, and recovering: nothing is published yet, so that nobody can join',
      `wait for ${waiting}; if nobody will come who knows: tidepool restore --finish`,
    ),
  ]
}

function checkMachine({ kernel }: Facts): DoctorCheck[] {
  const unfit = unfitMachine(kernel)
  return [unfit ? trouble('machine', 'error', unfit, 'take another board') : sound('machine', kernel)]
}

function checkMemory({ memory: { total, available } }: Facts): DoctorCheck[] {
  const shown = `${Math.round(available / MIB)} of ${Math.round(total / MIB)} MiB are free`
  if (available < LEAST_AVAILABLE)
    return [trouble('memory', 'error', shown, 'end other programs, or the kernel may end the relay')]
  if (total < LOW_MEMORY)
    return [trouble('memory', 'warning', shown, 'run little else here, and give it some swap (zram)')]
  return [sound('memory', shown)]
}

/** Who keeps the clock; what it shows is a finding of the relay's own. */
function checkSynchronized({ synchronized, status }: Facts): DoctorCheck[] {
  if (status?.time === 'agreement' && !synchronized)
    return [sound('time', 'no network keeps the clock, but it has run without a step for an hour')]
  if (status?.time === 'unconfirmed') {
    const found =
      'the clock is not confirmed: nothing that has expired is deleted, new invites are timed by uptime'
    return [
      trouble('time', 'warning', found, 'let the network keep it: timedatectl set-ntp true; or wait an hour'),
    ]
  }
  if (synchronized === null) return [sound('time', 'nothing here tells whether the network keeps the clock')]
  if (synchronized) return [sound('time', 'the network keeps the clock')]
  const advice = 'let the network keep it: timedatectl set-ntp true'
  return [trouble('time', 'warning', 'no network keeps the clock', advice)]
}

/** Who may read what must be nobody else's. */
function checkFiles({ files, dataDir }: Facts): DoctorCheck[] {
  const owner = files.find(({ name }) => name === '.')?.uid ?? null
  return files.flatMap(({ name, mode, uid }) => {
    const path = name === '.' ? dataDir : `${dataDir}/${name}`
    if (mode === null) {
      const needed = name === '.' || name === 'secret'
      const advice = 'name the right one with --data, or start the relay, which makes it'
      return needed ? [trouble('files', 'error', `${path} is not there`, advice)] : []
    }
    const found: DoctorCheck[] = []
    if ((mode & 0o077) !== 0 && name !== 'db')
      found.push(
        trouble(
          'files',
          'error',
          `${path} has mode 0${mode.toString(8)}: others can get at it`,
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
    return found.length > 0 ? found : [sound('files', `${path} is closed to others`)]
  })
}

function checkPorts({ ports }: Facts): DoctorCheck[] {
  return ports.map(({ name, host, port, state, holder }) => {
    const where = `${name}: ${host}:${port}`
    if (state === 'answers') return sound('ports', `${where} answers`)
    if (state === 'free') return sound('ports', `${where} can be taken`)
    if (state === 'silent')
      return trouble('ports', 'error', `${where} does not answer`, 'look at the firewall, then at the log')
    if (state === 'EADDRINUSE')
      return trouble(
        'ports',
        'error',
        `${where} is taken by ${holder ?? 'another program'}`,
        `end that program, or choose another port with ${keyOf(name)}`,
      )
    if (state === 'EACCES')
      return trouble(
        'ports',
        'warning',
        `${where} may be taken by privileged programs alone`,
        'run the relay as the service of systemd/tidepool.service, which is allowed to',
      )
    return trouble('ports', 'error', `${where} cannot be taken: ${state}`, 'correct the address')
  })
}

/** The configuration key of a port, by its name among the findings. */
function keyOf(port: string): string {
  return port === 'https' || port === 'http' ? `domain.${port}_port` : `${port}.port`
}

/** What to do about what the onion says of itself, where waiting will not help. */
const TOR_ADVICE: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /may keep it out/,
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
  [/tor ended/, 'correct what tor complains of; its own words are in the log at log.level = debug'],
  [/onion\.key/, 'put back a copy of onion.key: tidepool onion import; or move it away for a new address'],
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
    const advice = known ?? 'wait a minute or two; then look for tor in the log'
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
        `${name} leads nowhere (${failure ?? 'no address'})`,
        'give the name an A or AAAA record with the address of this machine or of its router',
      ),
    ]
  // apps and browsers try it first, and IPv6 has no router that would lead elsewhere
  const six = addresses.filter((address) => isIPv6(address))
  const [elsewhere] = six.filter((address) => !own.includes(address))
  if (elsewhere !== undefined)
    return [
      trouble(
        'dns',
        'warning',
        `${name} has an AAAA record, ${elsewhere}, that is no address of this machine`,
        'correct the AAAA record or remove it; behind a proxy on another machine it may be right',
      ),
    ]
  if (six.length > 0 && narrow.length > 0)
    return [
      trouble(
        'dns',
        'warning',
        `${name} has an AAAA record, ${six[0]}, and the relay listens on IPv4 alone`,
        `set ${narrow.join(' and ')} to "::", or remove the AAAA record`,
      ),
    ]
  const ours = addresses.some((address) => own.includes(address))
  const hint = ours ? 'an address of this machine' : 'not of this machine: a router or proxy has to lead here'
  return [sound('dns', `${name} is ${addresses.join(', ')}, ${hint}`)]
}

/** Behind a proxy that does not say enough, nobody is served. */
function checkProxy({ status }: Facts): DoctorCheck[] {
  if (status?.https.state !== 'proxied') return []
  const { reason } = status.https
  const advice =
    'set the header in the proxy: docs/run-it.md, "A reverse proxy in front", has nginx, Caddy and Apache'
  return [
    reason === null ? sound('proxy', 'nothing wrong was seen') : trouble('proxy', 'error', reason, advice),
  ]
}

function checkCertificate({ status, now }: Facts): DoctorCheck[] {
  const https = status?.https
  if (!https || https.state === 'off' || https.state === 'proxied') return []
  const reason = https.reason ? `: ${https.reason}` : ''
  if (https.state === 'valid') {
    const days = https.expires === null ? null : Math.floor((https.expires - now) / DAY)
    if (days !== null && days < CERTIFICATE_DAYS)
      return [trouble('certificate', 'warning', `it ends in ${count(days, 'day')}${reason}`, RENEW)]
    return [sound('certificate', days === null ? 'valid' : `valid for ${count(days, 'day')}`)]
  }
  const words = {
    waiting: 'there is none yet',
    expired: 'it has expired',
    not_yet_valid: 'it is not valid yet, by this clock',
  }[https.state]
  return [trouble('certificate', 'error', `${words}${reason}`, RENEW)]
}

const RENEW =
  'renew the files of domain.tls_cert; or, for ACME, see that port 80 of the domain leads here, and the log'
