// SPDX-License-Identifier: AGPL-3.0-or-later
// `start` under a service manager: its notify socket through systemd/notified.pl, and its journal.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { lacks } from '../helpers/programs.js'
import { ROOT, text } from '../house/files.js'
import { buildFor } from './built.js'
import { type Running, run } from './cli.js'
import { shortDir } from './operator-stub.js'

const NOTIFIED = join(ROOT, 'systemd/notified.pl')
const fake = text('test/commands/fake-relay.ts').replaceAll('../../src/', '../')
const status = text('test/commands/fake-status.ts').replaceAll('../../src/', '../')
const project = buildFor(
  t,
  new Map([
    ['src/test/fake-relay.ts', fake],
    ['src/test/fake-status.ts', status],
  ]),
)

/** A service manager: binds a datagram socket (an abstract one for @…) and prints each message on a line. */
const MANAGER = `
use strict; use warnings; use Socket; $| = 1;
my $path = shift; (my $address = $path) =~ s/^\\@/\\0/;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!;
bind($s, pack_sockaddr_un($address)) or die $!;
print "listening\\n";
while (defined recv($s, my $text, 4096, 0)) { $text =~ s/\\n/|/g; print "$text\\n" }
`

async function listenAt(t: Test, path: string): Promise<Running> {
  const manager = run(t, project, [path], { through: ['perl', '-e', MANAGER, path] })
  await manager.printed(/listening/)
  return manager
}

t.test('readiness, heartbeat and end reach the manager', { skip: lacks('perl', 'perl-base') }, async (t) => {
  const names = [join(shortDir(t), 'notify'), `@tidepool-${process.pid}`]
  for (const socket of names) {
    const manager = await listenAt(t, socket)
    const relay = run(t, project, ['good', '--data', shortDir(t)], {
      script: 'test/fake-relay.js',
      through: [NOTIFIED, process.execPath],
      env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' },
    })
    await manager.printed(/READY=1\|STATUS=0 members/)
    await manager.printed(/WATCHDOG=1\|STATUS=0 members/)
    relay.child.kill('SIGTERM')
    await manager.printed(/STOPPING=1\|/)
    t.match(await relay.ended, { code: 0 }, 'the process that was started is the one that ends')
  }
})

t.test(
  'the relay starts without a manager at the socket',
  { skip: lacks('perl', 'perl-base') },
  async (t) => {
    const relay = run(t, project, ['good', '--data', shortDir(t)], {
      script: 'test/fake-relay.js',
      through: [NOTIFIED, process.execPath],
      env: { NOTIFY_SOCKET: '/nonexistent/notify' },
    })
    await relay.printed(/Ctrl-C/)
    relay.child.kill('SIGTERM')
    t.match(await relay.ended, { code: 0, stderr: /<4>notified\.pl: connect: / })
  },
)

t.test('a missing program is reported', { skip: lacks('perl', 'perl-base') }, async (t) => {
  const ran = await run(t, project, [], { through: [NOTIFIED, '/nonexistent/node'] }).ended
  t.match(ran, { code: 2, stderr: /<3>notified\.pl: \/nonexistent\/node: No such file/ })
})

t.test(
  'without the descriptor, systemd-notify speaks',
  { skip: lacks('systemd-notify', 'systemd') },
  async (t) => {
    const socket = join(shortDir(t), 'notify')
    const manager = await listenAt(t, socket)
    const relay = run(t, project, ['good', '--data', shortDir(t)], {
      script: 'test/fake-relay.js',
      env: { NOTIFY_SOCKET: socket },
    })
    await manager.printed(/READY=1/)
    relay.child.kill('SIGTERM')
    t.equal((await relay.ended).code, 0)
  },
)

/** As systemd does: JOURNAL_STREAM names the file that stderr is. */
const IN_JOURNAL = 'export JOURNAL_STREAM="$(stat -Lc %d:%i /proc/self/fd/2)"; exec "$0" "$@"'

t.test('the journal gets lines with priorities, and no set-up link', async (t) => {
  const relay = run(t, project, ['fresh', '--data', shortDir(t)], {
    script: 'test/fake-relay.js',
    through: ['sh', '-c', IN_JOURNAL, process.execPath],
  })
  await relay.printed(/^<6>relay up version=0\.0\.0 id=@fake\.ed25519 /m, 'stderr')
  relay.child.kill('SIGTERM')
  const ran = await relay.ended
  t.match(ran, { code: 0, stdout: '', stderr: /^<6>closing signal=SIGTERM$/m })
  t.notMatch(ran.stderr, /token/)
  const failed = await run(t, project, ['no-port', '--data', shortDir(t)], {
    script: 'test/fake-relay.js',
    through: ['sh', '-c', IN_JOURNAL, process.execPath],
  }).ended
  t.match(failed, { code: 1, stderr: /^<3>tidepool: cannot listen on this address: .*\n<3> {2}next: .*\n$/ })
})
