// SPDX-License-Identifier: AGPL-3.0-or-later
// The disk image, emulated from power-on: npm run image-test. Takes release/*.img.xz; TIDE_IMAGE=FILE another one.
// TIDE_IMAGE_ARCH=amd64 for the other processor, TIDE_IDLE_MINUTES for the idle writes, TIDE_CUTS for more power cuts.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openApp } from '../helpers/app.js'
import { connectClient } from '../helpers/client.js'
import { Visitor } from '../helpers/http.js'
import { until } from '../helpers/wait.js'
import { json, ROOT } from '../house/files.js'
import { type Arch, type Emulated, powerOn, putOnBoot, readBoot } from './emulated.js'

const arch = (process.env.TIDE_IMAGE_ARCH ?? 'arm64') as Arch
const IDLE_MINUTES = Number(process.env.TIDE_IDLE_MINUTES ?? 10)
const CUTS = Number(process.env.TIDE_CUTS ?? 1)
/** Milliseconds for a boot in emulation, on a busy machine. */
const PATIENCE_MS = 40 * 60_000
/** Bytes of the disk that the image grows on. */
const DISK = '4G'

t.setTimeout(10 * 60 * 60_000)

t.test(
  'the image',
  { skip: process.env.TIDE_IMAGE_TEST ? false : 'the long form: npm run image-test' },
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'tide-image-boot-'))
    t.teardown(() => rmSync(dir, { recursive: true, force: true }))
    const { version } = json('package.json') as { version: string }
    const image = process.env.TIDE_IMAGE ?? join(ROOT, `release/tidepool-${version}-${arch}.img.xz`)
    const disk = join(dir, 'card.img')
    const key = join(dir, 'key')
    const read = image.endsWith('.xz') ? 'xz -dc' : 'cat'
    execFileSync('sh', ['-ec', `${read} "$1" >"$2"; truncate -s ${DISK} "$2"`, 'sh', image, disk])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const publicKey = execFileSync('cat', [`${key}.pub`], { encoding: 'utf8' }).trim()
    writeFileSync(join(dir, 'user-data'), `#cloud-config\nssh_authorized_keys:\n  - ${publicKey}\n`)
    putOnBoot(disk, join(dir, 'user-data'), 'user-data')
    const on = (): Promise<Emulated> => powerOn(t, arch, disk, key)

    for (let cut = 1; cut <= CUTS; cut++) await cutIn(t, await on(), 'the first boot')
    const id = await fromPowerOn(t, await on(), disk)
    for (let cut = 1; cut <= CUTS; cut++) {
      for (const work of [
        'tidepool backup --with-keys /var/tmp/backup-$$.tar.gz; dd if=/dev/urandom of=/var/tmp/x bs=1M count=64',
        'update-initramfs -u -k all; apt-get install --reinstall -y tidepool; sync',
      ]) {
        const machine = await on()
        await same(t, machine, id)
        machine.sh(work).catch(() => {})
        await cutIn(t, machine, work)
      }
    }
    const last = await on()
    await same(t, last, id)
    await last.cut()
  },
)

/** Waits for a relay after a power cut, and checks that it and its files are whole. */
async function same(t: Test, machine: Emulated, id: string): Promise<void> {
  const status = await ready(t, machine)
  t.equal(status.id, id, 'it is the same relay')
  t.equal(status.members, 1, 'and knows its member')
  t.equal((await machine.sh('dmesg | grep -c "EXT4-fs error" || :')).trim(), '0', 'no error in the files')
}

/** Cuts the power at a random moment of the next two minutes. */
async function cutIn(t: Test, machine: Emulated, what: string): Promise<void> {
  const after = Math.random() * 120_000
  await Promise.race([pause(after), machine.ended])
  await machine.cut()
  t.comment(`cut ${Math.round(after / 1000)} s into: ${what}`)
}

async function ready(t: Test, machine: Emulated): Promise<{ id: string; members: number; name: string }> {
  const from = performance.now()
  let status = ''
  await until(
    'the relay',
    async () => {
      status = await machine.sh('tidepool status --json').catch(() => '')
      return status !== ''
    },
    PATIENCE_MS,
  )
  t.comment(`ready, and SSH answers, after ${Math.round((performance.now() - from) / 1000)} s`)
  return JSON.parse(status)
}

/** Whether the boot partition says it, with a pause: looking without one takes the time that the emulation needs. */
async function onCard(disk: string, words: RegExp): Promise<boolean> {
  const found = words.test(readBoot(disk, 'tidepool.txt'))
  if (!found) await pause(5_000)
  return found
}

/** Boots, claims, invites, measures and reboots; returns the id of the relay. */
async function fromPowerOn(t: Test, machine: Emulated, disk: string): Promise<string> {
  const { id } = await ready(t, machine)
  t.match(
    Number(await machine.sh('df --output=size -k / | tail -n 1')) > 3_000_000,
    true,
    'the disk has grown',
  )
  t.equal((await machine.sh('swapon --show')).trim(), '', 'no swap')
  const token = /token=(\S+)/.exec(await machine.sh('tidepool setup'))?.[1] ?? ''
  await until('the file on the boot partition', () => onCard(disk, /token=/), PATIENCE_MS)
  t.match(machine.console(), /token=/, 'the console shows the link')
  t.match(await machine.sh('grep firmware /proc/mounts'), / ro,/, 'the boot partition is read-only again')
  // as a phone on the board's network asks
  const phone = new Visitor(`http://127.0.0.1:${machine.ports.web}`)
  const headers = { Host: 'tidepool.local', Origin: 'http://tidepool.local' }
  // the first page may take longer in emulation than a connection may be silent
  const page = async (): Promise<boolean> =>
    (await phone.get(`/setup?token=${token}`, headers).catch(() => null))?.status === 200
  await until('the set-up page through a forwarded port', page, PATIENCE_MS)
  const form = { token, name: 'Rock pool', description: '', admin: '' }
  t.equal((await phone.post('/setup', form, headers)).status, 200)
  t.match((await phone.get('/', headers)).text, /Rock pool/)

  const app = await openApp(t)
  const code = (await machine.sh('tidepool invite create --host 127.0.0.1')).trim()
  const seed = Buffer.from(code.split('~')[1] ?? '', 'base64')
  const { generate } = (await import('ssb-keys')).default
  const to = { port: machine.ports.ssb, relay: id }
  const guest = await connectClient({ ...to, keys: generate('ed25519', seed) })
  await new Promise<void>((resolve, reject) =>
    guest.rpc.invite.use({ feed: app.id }, (err: Error | null) => (err ? reject(err) : resolve())),
  )
  await guest.close()
  await app.write(20)
  const connection = await app.connect(to)
  connection.replicate([])
  await until(
    'the messages of the member',
    async () => JSON.parse(await machine.sh('tidepool status --json')).messages >= 21,
    600_000,
  )
  await connection.close()
  await measured(t, machine)
  machine.sh('systemctl reboot').catch(() => {})
  await machine.ended
  return id
}

async function measured(t: Test, machine: Emulated): Promise<void> {
  t.comment(
    await machine.sh('systemd-analyze time; systemd-analyze critical-chain tidepool.service --no-pager'),
  )
  const at = 'systemctl show -P ActiveEnterTimestampMonotonic'
  const [network, relay] = [await machine.sh(`${at} network.target`), await machine.sh(`${at} tidepool`)]
  t.comment(`relay ready ${(Number(relay) - Number(network)) / 1e6} s after the network target`)
  t.comment(
    await machine.sh(
      'cat /sys/fs/cgroup/system.slice/tidepool.service/memory.max; ps -C node,tor -o rss=,comm=',
    ),
  )
  const sectors = async (): Promise<number> =>
    Number(await machine.sh('awk \'$3 == "vda" { print $10 }\' /proc/diskstats'))
  await machine.sh('sync')
  const before = await sectors()
  await pause(IDLE_MINUTES * 60_000)
  const bytes = (await sectors()) - before
  const perHour = Math.round((bytes * 512 * 60) / IDLE_MINUTES)
  t.comment(`${bytes * 512} bytes written in ${IDLE_MINUTES} idle minutes, scaled to ${perHour} an hour`)
}
