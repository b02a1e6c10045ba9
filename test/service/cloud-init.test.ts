// SPDX-License-Identifier: AGPL-3.0-or-later
// A machine that installs itself at its first boot: cloud-init's file is sound, and does what it says.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { lacks } from '../helpers/programs.js'
import { until } from '../helpers/wait.js'
import { ROOT, text } from '../house/files.js'
import { bootMachine, cannotBoot } from './machine.js'
import { makePackages } from './packages.js'
import { debianTree, type Suite } from './tree.js'

const USER_DATA = 'scripts/cloud-init/user-data'
/** Set for the long form: the tree with cloud-init takes minutes to make. */
const suites = (process.env.TIDE_SUITES?.split(/[ ,]+/) ?? []) as Suite[]
const skip =
  suites.length === 0
    ? 'the long form: npm run nspawn'
    : cannotBoot() || lacks('systemd-nspawn', 'systemd-container') || lacks('mmdebstrap', 'mmdebstrap')

t.setTimeout(20 * 60_000)

t.test(
  'the script in it is as strict as the others',
  { skip: lacks('shellcheck', 'shellcheck') },
  async (t) => {
    const [, block = ''] = /\n {4}content: \|\n((?: {6}.*\n|\n)+)/.exec(text(USER_DATA)) ?? []
    const script = block.replace(/^ {6}/gm, '')
    t.match(script, /^#!\/bin\/sh\n[\s\S]*set -eu\n/)
    t.doesNotThrow(() =>
      execFileSync('shellcheck', ['-'], { input: script, stdio: ['pipe', 'pipe', 'pipe'] }),
    )
  },
)

t.test('a fresh machine becomes a relay', { skip }, async (t) => {
  const packages = makePackages(t)
  for (const suite of suites.filter((each) => each !== 'bookworm')) {
    await t.test(suite, async (t) => {
      const boot = join(packages.dir, 'boot')
      const seed = join(packages.dir, 'seed')
      for (const dir of [boot, seed]) mkdirSync(dir)
      for (const end of ['', '.sha256'])
        cpSync(join(packages.dir, packages.current + end), join(boot, `tidepool.deb${end}`))
      cpSync(join(ROOT, USER_DATA), join(seed, 'user-data'))
      writeFileSync(join(seed, 'meta-data'), 'instance-id: rock-pool\nlocal-hostname: rock-pool\n')
      const tree = await debianTree(suite, ['cloud-init'])
      const binds = [`--bind-ro=${boot}:/boot/firmware`, `--bind-ro=${seed}:/var/lib/cloud/seed/nocloud`]
      const machine = await bootMachine(t, tree, binds)
      t.match(await machine.run('cloud-init schema --config-file /var/lib/cloud/seed/nocloud/user-data'), {
        code: 0,
      })
      await until('the relay', async () => (await machine.run('tidepool status')).code === 0, 300_000)
      t.match(
        await machine.sh('cat /etc/tidepool/relay.toml'),
        /^enabled = true$/m,
        'with the options of the file',
      )
      const log = 'journalctl -q -u tidepool-first-boot -o cat --no-pager'
      await until('the end of it', async () => /Finished|Deactivated/.test(await machine.sh(log)))
      t.notMatch(await machine.sh(log), /token=/, 'the set-up link is not in the journal')
      t.equal((await machine.run('systemctl is-enabled tidepool-first-boot')).stdout.trim(), 'disabled')
    })
  }
})
