// The machine: told by its kernel's word and its board's name, and refused where nothing is built for it.

import t from 'tap'
import { describeMachine, requireFitMachine, unfitMachine, WORD_BYTES } from '../src/machine.js'

t.test('boards that cannot carry a relay', async (t) => {
  for (const kernel of ['armv6l', 'armv5tel']) t.match(unfitMachine(kernel), /Zero 2 W/, kernel)
  for (const kernel of ['armv7l', 'armv8l', 'aarch64', 'x86_64']) t.equal(unfitMachine(kernel), null, kernel)
  t.equal(unfitMachine(), null, 'this one can')
  t.throws(() => requireFitMachine('armv6l'), { code: 'machine_unsupported' })
  requireFitMachine()
})

t.test('a board by its name', async (t) => {
  t.equal(
    describeMachine('aarch64', 'Raspberry Pi 4 Model B'),
    `Raspberry Pi 4 Model B (aarch64, ${WORD_BYTES * 8} bit)`,
  )
  t.match(describeMachine('x86_64', null), /without a name \(x86_64/)
})
