// The journal's form of the log: priorities that journalctl knows, one readable line, nothing that breaks out of it.

import { fstatSync } from 'node:fs'
import t from 'tap'
import { isJournal, journalDestination, prioritized } from '../../src/lib/journal.js'
import { createLog } from '../../src/lib/log.js'

function logged(say: (log: ReturnType<typeof createLog>) => void): string {
  let text = ''
  say(
    createLog(
      'trace',
      journalDestination((lines) => {
        text += lines
      }),
    ),
  )
  return text
}

t.test('each level has its priority', async (t) => {
  const text = logged((log) => {
    for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const) log[level](level)
  })
  t.equal(text, '<2>fatal\n<3>error\n<4>warn\n<6>info\n<7>debug\n<7>trace\n')
})

t.test('values follow the words', async (t) => {
  t.equal(
    logged((log) =>
      log.info({ feed: '@k=.ed25519', note: 'two words', n: 3, list: ['a'], none: null }, 'done'),
    ),
    '<6>done feed=@k=.ed25519 note="two words" n=3 list=["a"] none=null\n',
  )
})

t.test('an error: its words always, where it was thrown only if it is serious', async (t) => {
  const err = Object.assign(new Error('out of\nroom'), { code: 'ENOSPC' })
  t.equal(
    logged((log) => log.warn({ err }, 'not kept')),
    '<4>not kept: out of room code=ENOSPC\n',
  )
  const serious = logged((log) => log.error({ err }, 'not kept')).split('\n')
  t.equal(serious[0], '<3>not kept: out of room code=ENOSPC')
  t.match(serious[1], /^<3> +at .*journal\.test/)
})

t.test('what strangers send makes no line of its own', async (t) => {
  const text = logged((log) => log.warn({ name: 'x\n<0>panic' }, 'odd\n<0>panic'))
  t.equal(text.split('\n').length, 2)
  t.match(text, /^<4>odd <0>panic name="x\\n<0>panic"\n$/)
  t.equal(prioritized(3, 'a\n\nb\n'), '<3>a\n<3>b\n')
})

t.test('the journal is known by its descriptor', async (t) => {
  const { dev, ino } = fstatSync(2)
  t.ok(isJournal(`${dev}:${ino}`, 2))
  t.notOk(isJournal(`${dev}:${ino + 1}`, 2))
  t.notOk(isJournal(undefined, 2))
  t.notOk(isJournal('1:1', 9999), 'no such descriptor')
})
