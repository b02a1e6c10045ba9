// SPDX-License-Identifier: AGPL-3.0-or-later
// The installer and the unit under a real systemd: installed, ready, watched, killed, hung, upgraded, rolled back, purged.
// TIDE_SUITES names the Debian releases to test on; `npm run nspawn` uses all.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createAuthority } from '../helpers/certificates.js'
import { lacks } from '../helpers/programs.js'
import { until } from '../helpers/wait.js'
import { bootMachine, cannotBoot, type Machine } from './machine.js'
import { makePackages, type Packages } from './packages.js'
import { debianTree, type Suite, treeOrSkip } from './tree.js'

const suites = (process.env.TIDE_SUITES ?? 'trixie').split(/[ ,]+/) as Suite[]
const skip = cannotBoot() || lacks('systemd-nspawn', 'systemd-container') || lacks('mmdebstrap', 'mmdebstrap')
const INSTALL = 'sh /packages/install/install.sh'
/** Prints what HTTPS answers, as if the machine's name led to it. */
const FETCH = `
require("node:https").get(
  { host: "127.0.0.1", path: "/invite/", rejectUnauthorized: false, headers: { host: "relay.example" } },
  async (answer) => console.log(answer.statusCode, Buffer.concat(await answer.toArray()).toString()))`
/** Milliseconds for systemd to notice, wait and restart. */
const PATIENCE_MS = 60_000

t.setTimeout(20 * 60_000)

t.test('a machine', { skip }, async (t) => {
  const packages = makePackages(t)
  const { key, cert } = await (await createAuthority()).issue('relay.example')
  writeFileSync(join(packages.dir, 'relay.key'), key)
  writeFileSync(join(packages.dir, 'relay.pem'), cert)
  if (suites.includes('bookworm')) packNode(packages)
  for (const suite of suites) await t.test(suite, (t) => onSuite(t, suite, packages))
})

/** Bookworm's own Node is too old: a package of the Node that runs this test, as nodesource.com has one. */
function packNode({ dir, arch }: Packages): void {
  const control = `Package: nodejs\nVersion: 22.0.0\nArchitecture: ${arch}\nMaintainer: nobody\nDepends: libstdc++6\nDescription: Node.js\n`
  const line = `mkdir -p node/usr/bin node/DEBIAN && cp "$1" node/usr/bin/node && printf %s "$2" >node/DEBIAN/control
    dpkg-deb --root-owner-group -Znone --build node nodejs.deb >/dev/null && rm -r node`
  execFileSync('sh', ['-ec', line, 'sh', process.execPath, control], { cwd: dir })
}

async function onSuite(t: Test, suite: Suite, packages: Packages): Promise<void> {
  const tree = await treeOrSkip(t, () => debianTree(suite))
  if (tree === null) return
  let machine: Machine
  try {
    machine = await bootMachine(t, tree, [`--bind-ro=${packages.dir}:/packages`])
  } catch (err) {
    t.pass('skipped', { skip: `no machine can be booted here: ${(err as Error).message}` })
    return
  }
  if (suite === 'bookworm') await t.test('a Node that is too old', (t) => tooOld(t, machine))
  await t.test('what is not its own', (t) => refusals(t, machine))
  await t.test('installation', (t) => installation(t, machine, packages))
  await t.test('the service as systemd runs it', (t) => confinement(t, machine))
  await t.test('tor in its sandbox', (t) => confinedTor(t, machine))
  await t.test('reload', (t) => reload(t, machine))
  await t.test('killed, hung, stopped', (t) => survival(t, machine))
  await t.test('run again', (t) => again(t, machine))
  await t.test('upgrades', (t) => upgrades(t, machine, packages))
  await t.test('a backup put back by root', (t) => restored(t, machine))
  await t.test('removal', (t) => removal(t, machine))
}

async function tooOld(t: Test, machine: Machine): Promise<void> {
  const ran = await machine.run(`${INSTALL} --yes --no-tor`)
  t.match(ran, { code: 1, stderr: /Debian bookworm has 18\.[\s\S]*--nodesource/ })
  t.equal((await machine.run('test -e /usr/lib/tidepool -o -e /etc/tidepool')).code, 1, 'nothing was done')
  await machine.sh('apt-get install -y -q --no-install-recommends /packages/nodejs.deb')
}

/** Each one blocks the installer once and stays unchanged. */
async function refusals(t: Test, machine: Machine): Promise<void> {
  for (const [make, complaint] of [
    ['echo mine >/usr/local/bin/tidepool', /\/usr\/local\/bin\/tidepool is there, and not from this script/],
    ['echo mine >/etc/systemd/system/tidepool.service', /tidepool\.service is there/],
    [
      'mkdir -p /var/lib/tidepool && echo mine >/var/lib/tidepool/file',
      /\/var\/lib\/tidepool is there and belongs to root/,
    ],
    ['useradd --home-dir /home/tidepool tidepool', /the user tidepool is there/],
  ] as const) {
    await machine.sh(make)
    const before = await machine.sh(
      'find /opt /etc /usr/local /var/lib/tidepool -type f 2>/dev/null | sort | xargs -d "\\n" sha256sum',
    )
    t.match(await machine.run(`${INSTALL} --yes`), { code: 1, stdout: '', stderr: complaint })
    t.equal(
      await machine.sh(
        'find /opt /etc /usr/local /var/lib/tidepool -type f 2>/dev/null | sort | xargs -d "\\n" sha256sum',
      ),
      before,
    )
    await machine.sh(
      'rm -rf /usr/local/bin/tidepool /etc/systemd/system/tidepool.service /var/lib/tidepool; userdel tidepool 2>/dev/null || true',
    )
  }
  const held = 'touch /run/lock/tidepool-install.lock && flock /run/lock/tidepool-install.lock sleep 600'
  await machine.sh(`su -s /bin/sh nobody -c "${held} >/dev/null 2>&1 &"`)
  t.match(await machine.run('su -s /bin/sh nobody -c "cd /; sh /packages/install/install.sh"'), {
    code: 1,
    stderr: /has to be run as root/,
  })
  t.match(await machine.run(`${INSTALL} --nonsense`), { code: 1, stderr: /--nonsense is not an option/ })
  for (const [file, complaint] of [
    ['damaged.deb', /damaged\.deb is damaged/],
    ['foreign.deb', /foreign\.deb is for s390x, and this machine is/],
    ['relay.key', /relay\.key is damaged, or not a package of Tidepool/],
    ['none.deb', /none\.deb is not there/],
  ] as const)
    t.match(await machine.run(`${INSTALL} --package /packages/${file}`), { code: 1, stderr: complaint })
  t.match(await machine.run('cp /packages/install/install.sh /tmp/ && sh /tmp/install.sh --yes'), {
    code: 1,
    stderr: /there is no package for this machine beside this script/,
  })
  // found when the configuration is written: what the relay needs is installed by then, and nothing runs
  const wrong = await machine.run(`${INSTALL} --no-tor --set web.prot=80`)
  t.match(wrong, { code: 1, stderr: /web\.prot is not a key; did you mean web\.port/ })
  t.equal((await machine.run('systemctl cat tidepool')).code, 1, 'no unit is left')
}

async function installation(t: Test, machine: Machine, { version }: Packages): Promise<void> {
  await machine.sh(
    'mkdir -p /etc/tidepool/tls && cp /packages/relay.key /packages/relay.pem /etc/tidepool/tls/',
  )
  const tls =
    '--set domain.tls_key=/etc/tidepool/tls/relay.key --set domain.tls_cert=/etc/tidepool/tls/relay.pem'
  const sets = `--domain relay.example ${tls} --set invite.per_hour=17`
  const began = Date.now()
  const ran = await machine.run(`${INSTALL} --name 'Rock pool' ${sets}`)
  t.comment(`installed in ${Date.now() - began} ms`)
  t.match(ran, { code: 0 }, ran.stderr)
  for (const part of [
    /^Rock pool is running: process \d+/m,
    /^ +web +https:\/\/relay\.example/m,
    /secret is the identity of the relay/,
  ])
    t.match(ran.stdout, part)
  t.match(ran.stdout, /TCP 8008, 26819, 80, 443\n/, 'the ports to open')
  t.notMatch(ran.stdout, /token=/, 'set up already, it has no link')
  t.equal((await status(machine)).version, version)
  t.match(await machine.sh('ls /var/cache/tidepool'), /^tidepool_\S+\.deb\n$/, 'kept, to go back to')
  t.equal(await machine.show('ActiveState'), 'active')
  t.equal((await machine.sh('systemctl is-enabled tidepool')).trim(), 'enabled')
  t.equal((await machine.run('systemctl is-active tor')).stdout.trim(), 'inactive', 'no second tor')
  t.match(await machine.sh('command -v tor && command -v node'), /tor\n.*node\n/)

  const config = await machine.sh('cat /etc/tidepool/relay.toml')
  t.match(config, /^per_hour = 17$/m)
  t.match(config, /^#port = 8008$/m, 'what was not set is there, commented out')
  t.equal((await machine.sh("stat -c '%U %G %a' /etc/tidepool/relay.toml")).trim(), 'root tidepool 640')
  t.match(
    await machine.sh("stat -c '%U %a' /var/lib/tidepool /var/lib/tidepool/secret"),
    /^tidepool 700\ntidepool [46]00\n$/,
  )
  t.equal(
    (await machine.sh('find /usr/lib/tidepool ! -user root -o -type f -perm /022')).trim(),
    '',
    'nobody can change it',
  )

  t.match(await machine.sh('tidepool invite create'), /^[^:]+:8008:@.{44}\.ed25519~/)
  const stranger = await machine.run('su -s /bin/sh nobody -c "/usr/bin/tidepool status"')
  t.match(stranger, { code: 1, stderr: /not_allowed|relay_not_running/ }, 'the operator is root alone')
  t.match(await machine.run('tidepool start'), { code: 1, stderr: /systemctl start tidepool/ })
}

/** Enables the onion for a while: there is no Tor network here, but the relay's tor must run and answer. */
async function confinedTor(t: Test, machine: Machine): Promise<void> {
  const turn = (from: string, to: string): Promise<string> =>
    machine.sh(`sed -i 's/^${from}$/${to}/' /etc/tidepool/relay.toml && systemctl restart tidepool`)
  await turn('#enabled = false', 'enabled = true')
  const onion = await until('tor to speak', async () => {
    const { onion } = JSON.parse(await machine.sh('tidepool status --json'))
    return onion.state === 'bootstrapping' && onion
  })
  t.match(onion, { state: 'bootstrapping' })
  const found = await machine.sh(
    'for each in /proc/[0-9]*; do if [ "$(cat $each/comm 2>/dev/null)" = tor ]; then stat -c %U $each; grep VmRSS $each/status; fi; done',
  )
  t.match(found, /^tidepool\n/, 'as nobody but the relay')
  t.comment(`tor: ${found.replace(/\s+/g, ' ')}`)
  await turn('enabled = true', '#enabled = false')
}

async function confinement(t: Test, machine: Machine): Promise<void> {
  const pid = await machine.show('MainPID')
  const status = await machine.sh(`cat /proc/${pid}/status`)
  t.notMatch(status, /^Uid:\s+0/m)
  t.match(status, /^CapEff:\s+0000000000000400$/m, 'ports below 1024, and nothing else')
  t.match(status, /^CapBnd:\s+0000000000000400$/m)
  t.match(status, /^NoNewPrivs:\s+1$/m)
  t.match(status, /^Seccomp:\s+2$/m)
  const uid = (await machine.sh('id -u tidepool')).trim()
  const listening = (await machine.sh('cat /proc/net/tcp'))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const owner = (port: number): string | undefined =>
    listening.find((row) => row[3] === '0A' && Number.parseInt(row[1]?.split(':')[1] ?? '', 16) === port)?.[7]
  t.equal(owner(80), uid, 'port 80 is bound without root')
  t.equal(owner(443), uid, 'port 443 is bound without root')
  const page = await machine.sh(`node -e '${FETCH}'`)
  t.match(page, /^200 [\s\S]*captcha/, 'the captcha is served')

  const journal = await machine.journal()
  t.match(journal, /^relay up version=\S+ id=@/m)
  t.notMatch(journal, /token|"level"/)
  t.equal(await machine.journal('-p warning'), '', 'nothing to be warned of')
  const unit = '/usr/lib/systemd/system/tidepool.service'
  const found = await machine.run(`systemd-analyze verify --recursive-errors=no ${unit}`)
  t.same(
    found,
    { code: 0, stdout: '', stderr: '' },
    "this system's systemd finds nothing wrong with the unit",
  )
  const exposure = await machine.sh('systemd-analyze security --no-pager tidepool | tail -n 1')
  t.ok(Number(/([\d.]+) /.exec(exposure.replace(/.*: /, ''))?.[1]) <= 1.5, exposure.trim())
  const { rss_bytes } = JSON.parse(await machine.sh('tidepool status --json'))
  const [began, ready] = [
    await machine.show('ExecMainStartTimestampMonotonic'),
    await machine.show('ActiveEnterTimestampMonotonic'),
  ]
  t.comment(`exposure: ${exposure.trim()}; resident: ${Math.round(rss_bytes / 2 ** 20)} MiB`)
  t.comment(`ready ${Math.round((Number(ready) - Number(began)) / 1000)} ms after it was started`)
  t.match(await machine.show('StatusText'), /^0 members, 0 online/)
}

async function reload(t: Test, machine: Machine): Promise<void> {
  await machine.sh(
    "sed -i 's/^per_hour = 17/per_hour = 18/' /etc/tidepool/relay.toml && systemctl reload tidepool",
  )
  await until('the new configuration', async () =>
    /applied=\["invite.per_hour"\]/.test(await machine.journal()),
  )
  await machine.sh(
    'sed -i \'s/^per_hour = 18/per_hour = "many"/\' /etc/tidepool/relay.toml && systemctl reload tidepool',
  )
  await until('the refusal', async () =>
    /configuration reload failed: .*per_hour/.test(await machine.journal('-p err')),
  )
  await machine.sh("sed -i 's/^per_hour = .*/per_hour = 18/' /etc/tidepool/relay.toml")
  t.equal(await machine.show('ActiveState'), 'active')
}

async function survival(t: Test, machine: Machine): Promise<void> {
  const identity = await relayId(machine)
  const killed = await machine.show('MainPID')
  await machine.sh(`kill -KILL ${killed}`)
  await anotherThan(machine, killed)
  t.equal(await relayId(machine), identity)

  // a watchdog with less than a minute
  await machine.sh(
    'mkdir -p /etc/systemd/system/tidepool.service.d && printf "[Service]\\nWatchdogSec=2\\n" >/etc/systemd/system/tidepool.service.d/quick.conf && systemctl daemon-reload && systemctl restart tidepool',
  )
  const watched = await machine.show('MainPID')
  const first = await machine.show('WatchdogTimestampMonotonic')
  await until(
    'three beats',
    async () => Number(await machine.show('WatchdogTimestampMonotonic')) - Number(first) > 3e6,
  )
  t.equal(await machine.show('MainPID'), watched, 'one that is well is left alone')
  await machine.sh(`kill -STOP ${watched}`)
  await anotherThan(machine, watched)
  t.equal(await relayId(machine), identity)
  t.match(await machine.sh('journalctl -q -o cat --no-pager -u tidepool'), /Watchdog timeout/)
  t.equal(await machine.show('NRestarts'), '1')

  await machine.sh(
    'rm -r /etc/systemd/system/tidepool.service.d && systemctl daemon-reload && systemctl stop tidepool',
  )
  t.equal(await machine.show('Result'), 'success', 'told to stop, it ends well')
  await machine.sh('systemctl start tidepool')
  t.equal(await relayId(machine), identity, 'and systemctl has waited until it was ready')
}

async function again(t: Test, machine: Machine): Promise<void> {
  const pid = await machine.show('MainPID')
  const config = await machine.sh('cat /etc/tidepool/relay.toml')
  const ran = await machine.run(`${INSTALL} --yes`)
  t.match(ran, { code: 0 }, ran.stderr)
  t.equal(await machine.show('MainPID'), pid, 'what runs is not disturbed')
  t.equal(await machine.sh('cat /etc/tidepool/relay.toml'), config)
  t.match(await machine.run(`${INSTALL} --set ssb.port=9000`), {
    code: 0,
    stderr: /stays as it is[\s\S]*ssb\.port=9000/,
  })
  const identity = await relayId(machine)
  await machine.sh('rm /usr/lib/tidepool/dist/cli.js')
  const repaired = await machine.run(`${INSTALL} --yes`)
  t.match(repaired, { code: 0 }, repaired.stderr)
  t.equal(await relayId(machine), identity, 'a file that was lost is back')

  // apt fails, and the version that runs has the number of the one to install
  await machine.sh(
    'printf "#!/bin/sh\nexit 100\n" >/usr/local/sbin/apt-get; chmod 755 /usr/local/sbin/apt-get; echo other >/var/cache/tidepool/$(ls /var/cache/tidepool)',
  )
  t.match(await machine.run(`${INSTALL} --yes`), { code: 1, stderr: /apt could not install/ })
  t.equal(await machine.sh('cat /var/cache/tidepool/*'), 'other\n', 'what was not installed is not kept')
  await machine.sh('rm /usr/local/sbin/apt-get')

  // as a power cut leaves it: dpkg has not finished
  await machine.sh(
    `dpkg-query -s tidepool | sed 's/^Status: .*/Status: install reinstreq half-installed/' >/var/lib/dpkg/updates/0000`,
  )
  t.not((await machine.run('apt-get install -y -q tidepool')).code, 0, 'apt refuses')
  const finished = await machine.run(`${INSTALL} --yes`)
  t.match(finished, { code: 0 }, finished.stderr)
  t.equal(await relayId(machine), identity)
  t.equal(await machine.sh('dpkg --audit'), '', 'nothing is left half done')
}

async function upgrades(t: Test, machine: Machine, { version }: Packages): Promise<void> {
  const identity = await relayId(machine)
  const config = await machine.sh('cat /etc/tidepool/relay.toml')
  const pid = await machine.show('MainPID')
  t.match(await machine.run(`${INSTALL} --package /packages/refuses.deb`), {
    code: 1,
    stderr: /per_hour[\s\S]*nothing was changed/,
  })
  t.equal(await machine.show('MainPID'), pid, 'a version that refuses the configuration is not even tried')

  const hung = await machine.run(`${INSTALL} --package /packages/hangs.deb`)
  t.match(hung, { code: 1, stderr: new RegExp(`rolled back: ${version} runs again`) })
  t.equal((await status(machine)).version, version)
  t.equal(await relayId(machine), identity)

  // installed by apt: there is nothing to go back to, until the old package is beside the new one
  await machine.sh(
    'rm /var/cache/tidepool/*.deb && mkdir -p /srv/new/with-old && cp /packages/hangs.deb /srv/new/',
  )
  const alone = await machine.run(`${INSTALL} --package /srv/new/hangs.deb`)
  t.match(alone, { code: 1, stderr: /warning: there is no copy of \S+[\s\S]*to go back: apt install/ })
  const back = `apt-get install -y -q --allow-downgrades /packages/install/tidepool_${version}_*.deb`
  t.match(await machine.run(back), { code: 0 })
  await machine.sh('cp /packages/hangs.deb /packages/install/*.deb /srv/new/with-old/')
  const beside = await machine.run(`${INSTALL} --package /srv/new/with-old/hangs.deb`)
  t.match(beside, { code: 1, stderr: new RegExp(`rolled back: ${version} runs again`) }, beside.stderr)
  t.equal(await relayId(machine), identity)

  // a package of this name that somebody else has put there is not taken
  await machine.sh('rm /var/cache/tidepool/*.deb; chown nobody /srv/new/with-old/tidepool_*.deb')
  const planted = await machine.run(`${INSTALL} --package /srv/new/with-old/hangs.deb`)
  t.match(planted, { code: 1, stderr: /warning: there is no copy of / })
  t.match(await machine.run(back), { code: 0 })

  // a power cut in the middle of an upgrade
  await machine.sh(
    'cp /packages/install/tidepool_*.deb /var/cache/tidepool/ && dpkg --unpack /packages/hangs.deb',
  )
  const cut = await machine.run(`${INSTALL} --package /srv/new/hangs.deb`)
  t.match(cut, { code: 1, stderr: new RegExp(`rolled back: ${version} runs again`) }, cut.stderr)
  t.equal(await relayId(machine), identity)
  await machine.sh('rm -r /srv/new')

  // the operator's connection is lost during the upgrade
  const begun = `${INSTALL} --package /packages/next.deb >/tmp/log 2>&1 & pid=$!`
  const lost = "until grep -q '^installing ' /tmp/log; do sleep 0.1; done; kill -HUP $pid"
  const ran = await machine.run(`${begun}; ${lost}; wait $pid; code=$?; cat /tmp/log >&2; exit $code`)
  t.match(ran, { code: 0 }, ran.stderr)
  t.equal((await status(machine)).version, '9.0.0')
  t.equal(await relayId(machine), identity)
  t.equal(await machine.sh('cat /etc/tidepool/relay.toml'), config)
  t.match(await machine.sh('ls /var/cache/tidepool'), /^tidepool_9\.0\.0_\w+\.deb\n$/)
  t.match(await machine.run(`${INSTALL} --yes`), {
    code: 1,
    stderr: new RegExp(`${version} is older than what is installed, 9\\.0\\.0`),
  })
}

async function restored(t: Test, machine: Machine): Promise<void> {
  const identity = await relayId(machine)
  await machine.sh('tidepool backup --with-keys /srv/all.tar.gz')
  await machine.sh('systemctl stop tidepool && rm -r /var/lib/tidepool/* && tidepool restore /srv/all.tar.gz')
  t.equal(
    await machine.sh('find /var/lib/tidepool ! -user tidepool'),
    '',
    "what root put there is the relay's",
  )
  await machine.sh('systemctl start tidepool')
  t.equal(await relayId(machine), identity)
}

async function removal(t: Test, machine: Machine): Promise<void> {
  const identity = await relayId(machine)
  await machine.sh('apt-get remove -y -q tidepool')
  // on a terminal and without options it asks; the configuration is there, so only the name is new
  const answers = "printf '%s\\n' 'Tide pool' n y ''"
  const back = await machine.run(`${answers} | script -qec '${INSTALL}' /dev/null`)
  t.match(back, {
    code: 0,
    stdout:
      /Name of the room[\s\S]*onion service[\s\S]*EBT[\s\S]*Tide pool is running: process \d+[\s\S]* ebt +on\b/,
  })
  t.equal(await relayId(machine), identity, 'installed again over its data, it is who it was')
  await machine.sh('apt-get purge -y -q tidepool && rm -r /root/tidepool-keys-*')
  t.equal(
    (await machine.sh('find / -xdev -path "*tidepool*" -print 2>/dev/null | sort')).trim(),
    '/etc/tidepool\n/etc/tidepool/tls\n/etc/tidepool/tls/relay.key\n/etc/tidepool/tls/relay.pem',
    'nothing is left but what was not its own',
  )
}

async function status(machine: Machine): Promise<{ id: string; version: string }> {
  return JSON.parse(await machine.sh('tidepool status --json'))
}

const relayId = async (machine: Machine): Promise<string> => (await status(machine)).id

/** Waits until the service is ready in another process. */
async function anotherThan(machine: Machine, pid: string): Promise<void> {
  await until(
    'systemd to start it anew',
    async () =>
      (await machine.show('ActiveState')) === 'active' && ![pid, '0'].includes(await machine.show('MainPID')),
    PATIENCE_MS,
  )
}
