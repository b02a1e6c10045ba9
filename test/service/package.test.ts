// SPDX-License-Identifier: AGPL-3.0-or-later
// The Debian package: built twice alike, without errors of lintian; and under a real systemd it takes an installation by
// install.sh over, is upgraded, goes back, backs up, is removed and purged.

import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { lacks } from '../helpers/programs.js'
import { until } from '../helpers/wait.js'
import { text } from '../house/files.js'
import { bootMachine, cannotBoot, type Machine } from './machine.js'
import { makeArchive, makePackages, type Packages, script } from './packages.js'
import { debianTree, treeOrSkip } from './tree.js'

const noDpkg = lacks('dpkg-deb', 'dpkg')
const skip =
  noDpkg || cannotBoot() || lacks('systemd-nspawn', 'systemd-container') || lacks('mmdebstrap', 'mmdebstrap')
const APT = 'DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends'
const FEED = '@HEqy940T6uB+T+d9Jaa58aNfRzLx9eRWqkZljBmnkmk=.ed25519'

t.setTimeout(15 * 60_000)

t.test('the package', { skip: noDpkg }, async (t) => {
  const packages = makePackages(t)
  const path = join(packages.dir, packages.current)
  await t.test('the same commit gives the same bytes', async (t) => {
    const again = script('package.sh', '--arch', packages.arch, '--into', join(packages.dir, 'again')).at(-1)
    // what differs says more than two hashes
    t.strictSame(listOf(again as string), listOf(path))
    t.equal(fieldsOf(again as string), fieldsOf(path))
    t.equal(hashOf(again as string), hashOf(path))
  })
  await t.test('what is in it', async (t) => contents(t, path))
  await t.test('lintian finds no error', { skip: lacks('lintian', 'lintian') }, async (t) => {
    const said = await new Promise<string>((resolve) =>
      execFile('lintian', ['--fail-on', 'error', '--tag-display-limit', '0', path], (err, stdout) =>
        resolve(err ? stdout : ''),
      ),
    )
    t.equal(said, '')
  })
  await t.test('on a machine', { skip }, (t) => onMachine(t, packages))
})

/** Its files: mode, owner, bytes, time and path. */
function listOf(deb: string): string[] {
  return execFileSync('dpkg-deb', ['-c', deb], { encoding: 'utf8', maxBuffer: 1 << 26 })
    .trimEnd()
    .split('\n')
}

function fieldsOf(deb: string): string {
  return execFileSync('dpkg-deb', ['-f', deb], { encoding: 'utf8' })
}

/** KiB that its files take by Debian's definition: each rounded up, and one for anything else. */
function kibOf(deb: string): number {
  return listOf(deb).reduce((sum, line) => {
    const [mode = '', , bytes] = line.split(/\s+/)
    return sum + (mode.startsWith('-') ? Math.ceil(Number(bytes) / 1024) : 1)
  }, 0)
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

function contents(t: Test, path: string): void {
  t.match(fieldsOf(path), `\nInstalled-Size: ${kibOf(path)}\n`, 'it does not depend on the disk')
  const list = `${listOf(path).join('\n')}\n`
  for (const file of [
    'usr/bin/tidepool',
    'usr/lib/systemd/system/tidepool.service',
    'usr/lib/systemd/system/tidepool-backup.timer',
    'usr/share/man/man1/tidepool.1.gz',
    'usr/share/man/man1/tidepool-invite.1.gz',
    'usr/share/man/man5/tidepool.toml.5.gz',
    'usr/share/bash-completion/completions/tidepool',
    'usr/share/zsh/vendor-completions/_tidepool',
    'usr/share/fish/vendor_completions.d/tidepool.fish',
    'usr/share/doc/tidepool/copyright',
  ])
    t.match(list, ` ./${file}\n`)
  const cpus = new Set([...list.matchAll(/prebuilds\/([\w-]+)\//g)].map(([, cpu]) => cpu))
  t.equal(cpus.size, 1, `modules for one processor: ${[...cpus]}`)
  t.notMatch(list, /\/opt\//)
}

async function onMachine(t: Test, packages: Packages): Promise<void> {
  const tree = await treeOrSkip(t, () => debianTree('trixie'))
  if (!tree) return
  makeArchive(packages)
  let machine: Machine
  try {
    machine = await bootMachine(t, tree, [`--bind-ro=${packages.dir}:/packages`])
  } catch (err) {
    t.pass('skipped', { skip: `no machine can be booted here: ${(err as Error).message}` })
    return
  }
  const id = await byArchive(t, machine)
  await t.test('a take-over that fails goes back', (t) => goesBack(t, machine, id))
  await t.test('takes the installation over', (t) => takesOver(t, machine, packages, id))
  await t.test('upgraded', (t) => upgraded(t, machine, packages, id))
  await t.test('restarted after an upgrade of Node.js', (t) => triggered(t, machine))
  await t.test('backups', (t) => backups(t, machine))
  await t.test('removed and purged', (t) => removed(t, machine, packages, id))
  await t.test('installed on a fresh machine', (t) => fresh(t, machine, packages))
}

async function idOf(machine: Machine): Promise<string> {
  return JSON.parse(await machine.sh('tidepool status --json')).id
}

async function byArchive(t: Test, machine: Machine): Promise<string> {
  await machine.sh('mkdir /tmp/install && tar -xzf /packages/before.tgz -C /tmp/install --strip-components 1')
  await machine.sh(
    `sh /tmp/install/scripts/install.sh --no-tor --name 'Rock pool' --set invite.per_hour=17 && tidepool members add '${FEED}'`,
  )
  t.match(await machine.sh('cat /usr/local/bin/tidepool'), /install\.sh/)
  return idOf(machine)
}

/** The command that goes back, as the package prints it. */
const backIn = (said: string): string => /to go back: (.*?)\r?\n/.exec(said)?.[1] ?? ''

async function goesBack(t: Test, machine: Machine, id: string): Promise<void> {
  const before = await machine.sh('cat /etc/tidepool/relay.toml')
  // as when the disk is full: dpkg cannot unpack all of it
  const failed = await machine.run(
    'head -c -1000000 /packages/next.deb >/tmp/broken.deb; dpkg -i /tmp/broken.deb; code=$?; rm /tmp/broken.deb; exit $code',
  )
  t.not(failed.code, 0, 'not unpacked')
  const after = await machine.run('cat /etc/tidepool/relay.toml')
  t.equal(after.stdout, before, `the configuration is back: ${failed.stdout}`)
  const hangs = await machine.run(`${APT} /packages/hangs.deb`)
  t.equal(hangs.code, 0, hangs.stderr)
  const back = backIn(hangs.stdout)
  t.match(back, /^apt purge tidepool && sh \/opt\/tidepool\/current\/scripts\/install\.sh --yes$/)
  const went = await machine.run(back.replace('apt purge', 'apt-get purge -y -q'))
  t.match(went, { code: 0 }, `${went.stdout}${went.stderr}`)
  t.equal(await idOf(machine), id)
  t.equal(await machine.sh('cat /etc/tidepool/relay.toml'), before)
  t.match(JSON.parse(await machine.sh('tidepool members list --json')), [{ id: FEED }])
  t.match(await machine.sh('ls /var/lib/tidepool/secret /usr/local/bin/tidepool'), /secret/, 'the data stays')
  // removed first, and purged when the installation of before runs again
  await machine.sh(`${APT} /packages/hangs.deb && apt-get remove -y -q tidepool`)
  await machine.sh('echo "# corrected" >>/etc/tidepool/relay.toml')
  await machine.sh(`${APT} /packages/hangs.deb`)
  t.equal(
    await machine.sh('cat /etc/tidepool/relay.toml'),
    `${before}# corrected\n`,
    'what was changed stays',
  )
  await machine.sh("sed -i '$d' /etc/tidepool/relay.toml && apt-get remove -y -q tidepool")
  await machine.sh('sh /opt/tidepool/current/scripts/install.sh --yes && apt-get purge -y -q tidepool')
  t.equal(await machine.sh('cat /etc/tidepool/relay.toml'), before)
  await machine.sh('systemctl restart tidepool && until tidepool status >/dev/null 2>&1; do sleep 0.2; done')
  t.equal(await idOf(machine), id)
  t.equal((await machine.sh('systemctl is-enabled tidepool')).trim(), 'enabled')
  const byScript = await machine.run('sh /packages/install/install.sh --package /packages/hangs.deb')
  t.match(
    byScript,
    { code: 1, stderr: /rolled back: the installation of before runs again/ },
    byScript.stderr,
  )
  t.equal(await idOf(machine), id)
  t.equal(await machine.sh('cat /etc/tidepool/relay.toml'), before)
}

async function takesOver(t: Test, machine: Machine, { current }: Packages, id: string): Promise<void> {
  // its owner moved it to another board
  await machine.sh('systemctl disable --now tidepool')
  const before = await machine.sh('cat /etc/tidepool/relay.toml')
  const ran = await machine.run(`${APT} /packages/${current}`)
  t.match(ran, { code: 0 }, `${ran.stderr}${ran.stdout}`)
  const states = 'systemctl is-enabled tidepool tidepool-backup.timer; systemctl is-active tidepool'
  t.equal((await machine.run(states)).stdout, 'disabled\nenabled\ninactive\n', 'it stays off')
  await machine.sh(`${APT} --reinstall /packages/${current}`)
  t.equal((await machine.run(states)).stdout, 'disabled\nenabled\ninactive\n', 'and later, too')
  await machine.sh('systemctl enable --now tidepool')
  t.equal(await machine.sh('cat /etc/tidepool/relay.toml'), before, 'the configuration stays')
  t.equal((await machine.sh('stat -c "%U %G %a" /etc/tidepool/relay.toml')).trim(), 'root tidepool 640')
  t.equal(await idOf(machine), id)
  t.match(JSON.parse(await machine.sh('tidepool members list --json')), [{ id: FEED }])
  t.match(await machine.show('FragmentPath'), '/usr/lib/systemd/system/tidepool.service')
  t.match(await machine.sh('command -v tidepool'), '/usr/bin/tidepool')
  for (const path of ['/opt/tidepool', '/usr/local/bin/tidepool', '/etc/systemd/system/tidepool.service'])
    t.equal((await machine.run(`test -e ${path}`)).code, 1, `${path} is gone`)
  t.equal(
    (await machine.sh('systemctl is-enabled tidepool tidepool-backup.timer')).trim(),
    'enabled\nenabled',
  )
  t.match(await machine.run('dpkg --verify tidepool'), {
    stdout: /^(\?\?5\?+ c \/etc\/tidepool\/relay\.toml\n)?$/,
  })
}

async function upgraded(t: Test, machine: Machine, { current }: Packages, id: string): Promise<void> {
  const next = await machine.run(`${APT} /packages/next.deb`)
  t.match(next, { code: 0 }, next.stderr)
  t.match(JSON.parse(await machine.sh('tidepool status --json')), { id, version: '9.0.0', members: 1 })
  t.match(await machine.sh('cat /etc/tidepool/relay.toml'), /per_hour = 17/, 'nobody was asked about it')
  const hangs = await machine.run(`${APT} /packages/hangs.deb`)
  t.equal(hangs.code, 0, 'apt is not left with a broken package')
  // apt gives dpkg a terminal of its own, and prints all of it on stdout
  t.match(hangs.stdout, /not ready after 5 s/)
  const back = backIn(hangs.stdout)
  t.match(back, /^apt install --allow-downgrades \.\/tidepool_9\.0\.0_\w+\.deb$/)
  await machine.sh(`cp /packages/next.deb /tmp/${back.split('./')[1]}`)
  const went = await machine.run(`cd /tmp && ${back.replace('apt install', `${APT}`)}`)
  t.match(went, { code: 0 }, went.stderr)
  t.match(JSON.parse(await machine.sh('tidepool status --json')), { id, version: '9.0.0', members: 1 })
  await machine.sh(`${APT} --allow-downgrades /packages/${current}`)
  t.match(JSON.parse(await machine.sh('tidepool status --json')), { id, members: 1 })
  for (const off of ['disable', 'mask']) {
    await machine.sh(`systemctl ${off} --now tidepool && mv /etc/tidepool/relay.toml /tmp/`)
    const moved = await machine.run(`${APT} --reinstall --allow-downgrades /packages/${current}`)
    t.match(moved, { code: 0 }, `${off}: ${moved.stderr}`)
    t.equal(
      (await machine.run('systemctl is-active tidepool')).stdout.trim(),
      'inactive',
      `${off}: stays off`,
    )
    await machine.sh(
      'mv /tmp/relay.toml /etc/tidepool/ && systemctl unmask tidepool; systemctl enable --now tidepool',
    )
    await machine.sh('until tidepool status >/dev/null 2>&1; do sleep 0.2; done')
  }
}

async function triggered(t: Test, machine: Machine): Promise<void> {
  const before = await machine.show('MainPID')
  await machine.sh(
    'dpkg-trigger --by-package=nodejs --no-await /usr/bin/node && dpkg --triggers-only tidepool',
  )
  await until('another process', async () => {
    const now = await machine.show('MainPID')
    return now !== before && now !== '0'
  })
  await until('the relay', async () => (await machine.run('tidepool status')).code === 0, 60_000)
  t.equal(await machine.show('ActiveState'), 'active')
}

async function backups(t: Test, machine: Machine): Promise<void> {
  await machine.sh(
    'cd /var/backups/tidepool && touch tidepool-20200101-030000.tar.gz.part && for day in 1 2 3 4 5 6 7 8; do touch tidepool-2020010$day-040000.tar.gz; done; echo mine >other',
  )
  await machine.sh('systemctl start tidepool-backup.service')
  const files = (await machine.sh('ls -1 /var/backups/tidepool')).trim().split('\n')
  t.equal(files.filter((name) => name.startsWith('tidepool-')).length, 7)
  t.ok(files.includes('other'), 'and other files stay')
  t.notOk(
    files.some((name) => name.endsWith('.part')),
    'what a killed backup left is gone',
  )
  t.notOk(files.includes('tidepool-20200101-040000.tar.gz'), 'the oldest is gone')
  await machine.sh(
    'cd / && mount -t tmpfs -o size=8M,mode=700,uid=$(id -u tidepool),gid=$(id -g tidepool) tmpfs /var/backups/tidepool && cd /var/backups/tidepool && for day in 1 2 3 4 5 6; do head -c 1300K /dev/zero >tidepool-2020010$day-040000.tar.gz; done',
  )
  await machine.sh('systemctl start tidepool-backup.service')
  const full = (await machine.sh('ls -1 /var/backups/tidepool')).trim().split('\n')
  t.notOk(full.includes('tidepool-20200101-040000.tar.gz'), 'on a full disk the oldest makes room')
  t.ok(full.includes('tidepool-20200106-040000.tar.gz'), 'and the latest stays')
  t.notMatch(full.at(-1), /^tidepool-2020/)
  await machine.sh('umount /var/backups/tidepool')
  const latest = files.filter((name) => name.startsWith('tidepool-')).at(-1)
  t.equal((await machine.sh(`stat -c "%U %a" /var/backups/tidepool/${latest}`)).trim(), 'tidepool 600')
  await machine.sh(
    `systemctl stop tidepool && tidepool restore --replace /var/backups/tidepool/${latest} && systemctl start tidepool`,
  )
  await machine.sh('until tidepool status >/dev/null 2>&1; do sleep 0.2; done')
  t.equal((await machine.sh('find /var/lib/tidepool ! -user tidepool')).trim(), '', 'restored by root')
}

async function removed(t: Test, machine: Machine, { current }: Packages, id: string): Promise<void> {
  await machine.sh('apt-get remove -y -q tidepool')
  t.equal((await machine.run('systemctl is-active tidepool')).stdout.trim(), 'inactive')
  await machine.sh('ls /var/lib/tidepool/secret /etc/tidepool/relay.toml')
  await machine.sh(`${APT} /packages/${current}`)
  t.equal(await idOf(machine), id, 'installed again, it is the same')
  const purge = await machine.run('apt-get purge -y -q tidepool')
  t.match(purge, { code: 0 }, purge.stderr)
  const kept = /keys were copied to (\S+)\. /.exec(purge.stdout)?.[1] ?? ''
  t.match(await machine.sh(`cat ${kept}/secret`), id)
  t.equal((await machine.sh(`stat -c "%U %a" ${kept}/secret`)).trim(), 'root 600')
  for (const path of ['/var/lib/tidepool', '/var/backups/tidepool', '/etc/tidepool', '/usr/lib/tidepool'])
    t.equal((await machine.run(`test -e ${path}`)).code, 1, `${path} is gone`)
}

async function fresh(t: Test, machine: Machine, { current }: Packages): Promise<void> {
  const ran = await machine.run(`${APT} /packages/${current}`)
  t.match(ran, { code: 0, stdout: /Next: sudo tidepool setup/ }, ran.stderr)
  t.match(await machine.sh('tidepool setup'), /token=/)
  const smoke = await machine.run(text('debian/tests/smoke'))
  t.match(smoke, { code: 0 }, smoke.stderr)
  t.match(await machine.run('tidepool start'), { code: 1, stderr: /systemctl start tidepool/ })
  t.match(await machine.sh('tidepool invite create --host relay.example'), /^relay\.example:8008:@/)
}
