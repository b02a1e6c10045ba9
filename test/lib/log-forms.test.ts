// SPDX-License-Identifier: AGPL-3.0-or-later
// Log entries in each form: one line each, with control characters escaped; formatting never throws.

import t from 'tap'
import { createLog, LOG_LEVELS, type Log } from '../../src/lib/log.js'
import { journalForm, jsonForm, type LogForm, prioritized, terminalForm } from '../../src/lib/log-forms.js'

const LEVELS = LOG_LEVELS.filter((level) => level !== 'silent')

function logged(form: LogForm, say: (log: Log) => void): string {
  let text = ''
  const output = {
    write(line: string) {
      text += line
    },
  }
  say(createLog('trace', output, form))
  return text
}

const everyLevel = (log: Log): void => {
  for (const level of LEVELS) log[level](level)
}
const outOfRoom = Object.assign(new Error('out of\nroom', { cause: new Error('disk 1') }), { code: 'ENOSPC' })

t.test('JSON: the field names and level numbers of pino', async (t) => {
  const lines = logged(jsonForm, everyLevel).trimEnd().split('\n')
  t.same(
    lines.map((line) => JSON.parse(line).level),
    [60, 50, 40, 30, 20, 10],
  )
  const [line = ''] = logged(jsonForm, (log) => log.info({ feed: '@k', n: 3n }, 'done')).split('\n')
  t.match(line, /^\{"level":30,"time":"\d{4}-\d\d-\d\dT[\d:.]+Z","feed":"@k","n":"3","msg":"done"\}$/)
  const { err } = JSON.parse(logged(jsonForm, (log) => log.warn({ err: outOfRoom }, 'not kept')))
  t.match(err, { type: 'Error', message: 'out of\nroom: disk 1', code: 'ENOSPC', stack: /log-forms\.test/ })
})

t.test('journal: each level has its priority', async (t) => {
  t.equal(logged(journalForm, everyLevel), '<2>fatal\n<3>error\n<4>warn\n<6>info\n<7>debug\n<7>trace\n')
})

t.test('journal: fields follow the event', async (t) => {
  const fields = { feed: '@k=.ed25519', note: 'two words', n: 3, list: ['a'], none: null }
  t.equal(
    logged(journalForm, (log) => log.info(fields, 'done')),
    '<6>done feed=@k=.ed25519 note="two words" n=3 list=["a"] none=null\n',
  )
})

t.test('journal: an error shows its frames only at error and fatal', async (t) => {
  t.equal(
    logged(journalForm, (log) => log.warn({ err: outOfRoom }, 'not kept')),
    '<4>not kept: out of room: disk 1 code=ENOSPC\n',
  )
  const serious = logged(journalForm, (log) => log.error({ err: outOfRoom }, 'not kept')).split('\n')
  t.equal(serious[0], '<3>not kept: out of room: disk 1 code=ENOSPC')
  t.match(serious[1], /^<3> +at .*log-forms\.test/)
  t.equal(prioritized(3, 'a\n\nb\n'), '<3>a\n<3>b\n')
})

t.test('terminal: the time, the level, then as in the journal', async (t) => {
  t.match(
    logged(terminalForm, (log) => log.info({ n: 1 }, 'done')),
    /^\d\d:\d\d:\d\d INFO {2}done n=1\n$/,
  )
  t.match(
    logged(terminalForm, (log) => log.error({ err: outOfRoom }, 'not kept')),
    /^\d\d:\d\d:\d\d ERROR not kept: out of room: disk 1 code=ENOSPC\n +at /,
  )
})

t.test('control characters of strangers are escaped in every form', async (t) => {
  const name = 'x\n<0>panic\u001b[2J\u009b31m\u202e\u2028'
  for (const form of [jsonForm, journalForm, terminalForm]) {
    const text = logged(form, (log) => log.warn({ name, err: new Error(name) }, `odd ${name}`))
    t.equal(text.split('\n').length, 2, `${form.name}: one line`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what the test looks for
    t.notMatch(text.trimEnd(), /[\u0000-\u001f\u007f-\u009f\u2028\u202e]/, form.name)
  }
})

t.test('a value that has no JSON does not throw', async (t) => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  for (const form of [jsonForm, journalForm, terminalForm]) {
    const text = logged(form, (log) => log.info({ circle, kept: 1 }, 'odd'))
    t.match(text, /unserializable|circle/, form.name)
    t.match(text, /kept"?[:=]1/, `${form.name}: the other fields are there`)
  }
  t.match(
    logged(journalForm, (log) => log.error({ err: 'thrown text' }, 'failed')),
    /failed: thrown text/,
  )
})
