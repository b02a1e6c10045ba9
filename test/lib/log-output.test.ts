// SPDX-License-Identifier: AGPL-3.0-or-later
// The log's output: a slow or missing reader never stops the relay; memory is bounded and losses are reported.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import t from 'tap'
import { createLog } from '../../src/lib/log.js'
import { jsonForm } from '../../src/lib/log-forms.js'
import { formFor, isJournal, openOutput } from '../../src/lib/log-output.js'

const WAITING_BYTES = 256 * 1024

/** A pipe that takes `room` bytes and then says that it is full, and the timers of an output. */
function fakePipe(room = Number.POSITIVE_INFINITY) {
  const due: Array<() => void> = []
  const pipe = {
    room,
    text: '',
    write(bytes: Buffer): number {
      if (pipe.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' })
      const taken = Math.min(bytes.length, pipe.room)
      pipe.text += bytes.subarray(0, taken).toString()
      pipe.room -= taken
      return taken
    },
    later: (callback: () => void) => void due.push(callback),
    /** Lets the time until the next attempt pass. */
    tick: () => due.shift()?.(),
    due,
  }
  return pipe
}

t.test('a fast reader gets each entry at once', async (t) => {
  const pipe = fakePipe()
  const output = openOutput(jsonForm, pipe.write, pipe.later)
  output.write('one\n')
  output.write('two\n')
  t.equal(pipe.text, 'one\ntwo\n')
  t.equal(pipe.due.length, 0, 'no timer')
})

t.test('a slow reader gets all entries in order', async (t) => {
  const pipe = fakePipe(2)
  const output = openOutput(jsonForm, pipe.write, pipe.later)
  output.write('one\n')
  output.write('two\n')
  t.equal(pipe.text, 'on')
  t.equal(pipe.due.length, 1, 'one timer for all')
  pipe.room = 3
  pipe.tick()
  t.equal(pipe.text, 'one\nt')
  pipe.room = 100
  pipe.tick()
  t.equal(pipe.text, 'one\ntwo\n')
  t.equal(pipe.due.length, 0)
})

t.test('without a reader memory is bounded; losses are reported later', async (t) => {
  const pipe = fakePipe(0)
  const log = createLog('info', openOutput(jsonForm, pipe.write, pipe.later))
  const note = 'x'.repeat(1000)
  for (let n = 0; n < 1000; n++) log.info({ n, note }, 'event')
  pipe.room = Number.POSITIVE_INFINITY
  pipe.tick()
  const entries = pipe.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const last = entries.pop()
  t.ok(Buffer.byteLength(pipe.text) < WAITING_BYTES + 1000, 'the bound')
  t.same(last.msg, 'log entries dropped')
  t.equal(entries.length + last.count, 1000, 'each entry is written or counted')
  t.same(
    entries.map(({ n }) => n),
    entries.map((_, i) => i),
    'the oldest are kept, in order',
  )
})

t.test('a closed reader causes no error', async (t) => {
  const gone = (): number => {
    throw Object.assign(new Error('gone'), { code: 'EPIPE' })
  }
  const pipe = fakePipe()
  openOutput(jsonForm, gone, pipe.later).write('one\n')
  t.equal(pipe.due.length, 0)
})

t.test('at exit waiting entries are written within a time limit', async (t) => {
  const pipe = fakePipe(0)
  const output = openOutput(jsonForm, pipe.write, pipe.later)
  output.write('one\n')
  output.flush()
  t.equal(pipe.text, '', 'a pipe that stays full does not keep the process')
  pipe.room = 100
  output.flush()
  t.equal(pipe.text, 'one\n')
})

t.test('a real pipe without a reader does not stop the process', async (t) => {
  const modules = new URL('../../src/lib/', import.meta.url).href
  const script = `
    const { openOutput } = await import('${modules}log-output.js')
    const output = openOutput((entry) => entry.event + '\\n')
    for (let n = 0; n < 2000; n++) output.write('x'.repeat(1000) + '\\n')
    process.stdout.write('went on')
    process.on('exit', output.flush)
    process.exit(3)`
  const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  t.equal(String(said), 'went on')
  t.same(await once(child, 'exit'), [3, null])
})

t.test('the journal is recognised by its descriptor; each output has its own form', async (t) => {
  const { dev, ino } = fstatSync(2)
  t.ok(isJournal(`${dev}:${ino}`, 2))
  t.notOk(isJournal(`${dev}:${ino + 1}`, 2))
  t.notOk(isJournal(undefined, 2))
  t.notOk(isJournal('1:1', 9999), 'no such descriptor')
  t.equal(formFor(true).name, 'journalForm')
  t.equal(formFor(false, 9999).name, 'jsonForm')
})
