// Long lists of the dashboard: in pages, each row on one of them.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { ALIASES_PER_MEMBER } from '../../src/limits.js'
import { signRegistration } from '../../src/ssb/alias.js'
import { signedIn } from '../helpers/member.js'
import { bootRelay, connectMember } from '../helpers/relay.js'

t.test('names come in pages', async (t) => {
  const relay = await bootRelay(t)
  const names: string[] = []
  for (let n = 0; n < 56 / ALIASES_PER_MEMBER; n++) {
    const { rpc, keys } = await connectMember(t, relay, { keys: ssbKeys.generate() })
    for (let i = 0; i < ALIASES_PER_MEMBER; i++) {
      const name = `crab-${n}-${i}`
      await rpc.room.registerAlias(name, signRegistration(keys, relay.id, name))
      names.push(name)
    }
  }
  const reader = await signedIn(relay)
  const namesOn = (text: string): string[] => [...new Set(text.match(/(?<=<strong>.*)crab-\d-\d/g) ?? [])]
  const first = await reader.get('/dashboard/aliases')
  t.equal(namesOn(first.text).length, 50)
  t.match(first.text, 'href="?from=50"')
  const second = await reader.get('/dashboard/aliases?from=50')
  t.equal(namesOn(second.text).length, 6)
  t.match(second.text, 'href="?from=0"')
  t.same([...namesOn(first.text), ...namesOn(second.text)].sort(), names.sort())
})
