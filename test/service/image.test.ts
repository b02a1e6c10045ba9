// SPDX-License-Identifier: AGPL-3.0-or-later
// The disk image: its root has nothing that boards would share; two machines booted from it are claimed by what their
// consoles show, also where user-data cannot be read.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { lacks } from '../helpers/programs.js'
import { until } from '../helpers/wait.js'
import { ROOT, text } from '../house/files.js'
import { CLAIM, imageRoot } from './image.js'
import { bootMachine, cannotBoot, cannotMount, type Machine } from './machine.js'
import { treeOrSkip } from './tree.js'

const skip =
  cannotBoot() ||
  cannotMount() ||
  lacks('systemd-nspawn', 'systemd-container') ||
  lacks('mmdebstrap', 'mmdebstrap') ||
  lacks('dpkg-deb', 'dpkg') ||
  lacks('mkfs.vfat', 'dosfstools') ||
  lacks('mcopy', 'mtools') ||
  lacks('sfdisk', 'fdisk')

const FEED = '@HEqy940T6uB+T+d9Jaa58aNfRzLx9eRWqkZljBmnkmk=.ed25519'
const USER_DATA = {
  good: '#cloud-config\nhostname: rock-pool\nssh_authorized_keys:\n  - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBFyZ6qDwTyJVWagAgXYTxftwUy4fnw9LbBd9ufsVcA3 limpet\n',
  /** as the file on the boot partition says it, with the lines for the set-up in use */
  whole: text('image/boot/user-data')
    .replace(/^#(?=write_files|runcmd| {2}\S| {4}\S| {6}\S)/gm, '')
    .replace('  - ssh-ed25519 AAAA… you@home\n', '')
    .replace('@….ed25519', FEED),
  bad: '#cloud-config\nhostname: [rock-pool\n  ssh_authorized_keys: }\n',
}

t.setTimeout(20 * 60_000)

t.test('the image', { skip }, async (t) => {
  const root = await treeOrSkip(t, () => imageRoot(t))
  if (!root) return
  await t.test('nothing that two boards would share', async (t) => nothingShared(t, root))
  await t.test('two boards', (t) => twoBoards(t, root))
  await t.test('a board that user-data sets up', (t) => setUpByFile(t, root))
})

function nothingShared(t: Test, root: string): void {
  const at = (path: string): string => join(root, path)
  t.equal(readFileSync(at('etc/machine-id'), 'utf8'), '', 'no machine id')
  t.same(
    readdirSync(at('etc/ssh')).filter((name) => name.startsWith('ssh_host')),
    [],
    'no host keys',
  )
  for (const dir of ['var/lib/tidepool', 'var/backups/tidepool'])
    t.same(readdirSync(at(dir)), [], `${dir} is empty`)
  for (const path of ['var/lib/systemd/random-seed', 'var/lib/systemd/credential.secret'])
    t.equal(statSync(at(path), { throwIfNoEntry: false }), undefined, `no ${path}`)
  const passwords = readFileSync(at('etc/shadow'), 'utf8').trim().split('\n')
  for (const line of passwords) t.match(line, /^[^:]+:[!*][^:]*:/, 'no password')
  t.notMatch(readFileSync(at('etc/fstab'), 'utf8'), /\sswap\s/)
  t.match(readFileSync(at('boot/firmware/config.txt'), 'utf8'), /^os_prefix=a\/$/m)
  t.ok(statSync(at('boot/firmware/a/vmlinuz')).size > 0)
}

async function board(t: Test, root: string, userData: string): Promise<Machine | null> {
  const dir = mkdtempSync(join(tmpdir(), 'tide-user-data-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'user-data'), userData)
  try {
    // where cloud-init looks for what it finds on the boot partition of a board, which a container does not have
    const seed = '/var/lib/cloud/seed/nocloud'
    return await bootMachine(t, root, [
      `--bind-ro=${join(dir, 'user-data')}:${seed}/user-data`,
      `--bind-ro=${join(ROOT, 'image/boot/meta-data')}:${seed}/meta-data`,
    ])
  } catch (err) {
    t.pass('skipped', { skip: `no machine can be booted here: ${(err as Error).message}` })
    return null
  }
}

/** Claims the relay by the link on its console; returns what the console shows. */
async function claimed(t: Test, machine: Machine): Promise<string> {
  const issue = 'cat /run/issue.d/50-tidepool.issue'
  await until('the link on the console', async () => /token=/.test((await machine.run(issue)).stdout), 60_000)
  await machine.run('cloud-init status --wait')
  await machine.sh('systemctl start tidepool-show')
  const shown = await machine.sh(issue)
  const [link = ''] = /http:\S+token=\S+/.exec(shown) ?? []
  t.equal((await machine.sh(`node --input-type=module -e "${CLAIM}" '${link}'`)).trim(), '200 200 200 true')
  await machine.sh('systemctl start tidepool-show')
  t.notMatch(await machine.sh(issue), /token=/, 'the link is gone from the console')
  return shown
}

async function setUpByFile(t: Test, root: string): Promise<void> {
  const machine = await board(t, root, USER_DATA.whole)
  if (!machine) return
  await machine.run('cloud-init status --wait')
  const at = async (unit: string): Promise<number> =>
    Number(await machine.sh(`systemctl show -P ActiveEnterTimestampMonotonic ${unit}`)) / 1e6
  t.comment(`ready ${(await at('tidepool')) - (await at('network.target'))} s after the network target`)
  const { name, members } = JSON.parse(await machine.sh('tidepool status --json'))
  t.match({ name, members }, { name: 'Rock pool', members: 1 })
  const console = JSON.parse(await machine.sh('tidepool console --json'))
  t.match(console, { set_up: true, setup_link: null, local_claim_s: null })
  t.match(await machine.sh('cat /etc/tidepool/relay.toml'), /\[web\]\nlocal = true\nlocal_claim = false\n$/)
  t.equal((await machine.sh('stat -c "%U:%G %a" /etc/tidepool/relay.toml')).trim(), 'root:tidepool 640')
  await t.test('a kernel for its boot partition', (t) => kernelHook(t, machine))
}

/** What runs after each upgrade of a kernel. */
async function kernelHook(t: Test, machine: Machine): Promise<void> {
  const hook = '/usr/lib/tidepool-image/boot-partition'
  await machine.sh(`touch /boot/vmlinuz-99 && sed -i 's/$/\\r/' /boot/firmware/config.txt && ${hook}`)
  t.match(
    await machine.sh('cat /boot/firmware/config.txt'),
    /^os_prefix=b\/\r$/m,
    'with CR, and a kernel without initrd',
  )
  await machine.sh('cmp /boot/firmware/b/vmlinuz /boot/vmlinuz-$(ls /lib/modules)')
  await machine.sh(hook)
  t.match(
    await machine.sh('cat /boot/firmware/config.txt'),
    /^os_prefix=a\/\r$/m,
    'the other one takes its turn',
  )
  const lost = await machine.run(`mv /boot/firmware/config.txt /tmp/ && ${hook}`)
  t.match(lost, { code: 1, stderr: /not mounted/ })
}

async function twoBoards(t: Test, root: string): Promise<void> {
  const first = await board(t, root, USER_DATA.good)
  const second = first && (await board(t, root, USER_DATA.bad))
  if (!first || !second) return
  t.notMatch(await claimed(t, first), /not understood/)
  t.match(await claimed(t, second), /user-data .* not understood/)
  t.equal((await first.sh('hostname')).trim(), 'rock-pool')
  t.equal((await second.sh('hostname')).trim(), 'tidepool')
  t.match(await first.sh('cat /home/debian/.ssh/authorized_keys'), 'limpet')
  for (const line of [
    'cat /etc/machine-id',
    'cat /etc/ssh/ssh_host_ed25519_key.pub',
    'cat /var/lib/tidepool/secret',
    'base64 /var/lib/tidepool/onion.key',
  ]) {
    const [one, two] = [await first.sh(line), await second.sh(line)]
    t.ok(one !== '' && one !== two, `${line} differs`)
  }
  for (const machine of [first, second]) {
    t.equal(await machine.show('ActiveState'), 'active')
    t.equal((await machine.run('systemctl is-active tor.service')).stdout.trim(), 'inactive')
    t.match(await machine.sh('sshd -T'), /^passwordauthentication no$/m)
    t.equal(await machine.sh('find /var/log/journal -type f'), '', 'the journal is in memory')
    // half a key, as a power cut may leave it
    await machine.sh('echo half >/etc/ssh/ssh_host_ed25519_key && /usr/lib/tidepool-image/host-key')
    await machine.sh('ssh-keygen -y -P "" -f /etc/ssh/ssh_host_ed25519_key')
  }
}
