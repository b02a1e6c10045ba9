// Forms of the dashboard as no page of ours sends them: fields that are none.

import t from 'tap'
import { ACTIONS, type ActionName } from '../../src/web/handlers/dashboard/actions.js'
import { signedIn } from '../helpers/member.js'
import { bootRelay } from '../helpers/relay.js'

t.test('no field of any form, however long, empty or odd, is a fault of ours', async (t) => {
  const relay = await bootRelay(t)
  await signedIn(relay, 'admin')
  for (const role of ['member', 'admin'] as const) {
    const actor = await signedIn(relay, role)
    for (const text of ['', '@', '@bob', 'a'.repeat(5000), `@${'a'.repeat(5000)}`, '\0']) {
      for (const name of Object.keys(ACTIONS) as ActionName[]) {
        // these ask for no field that could be wrong
        if (name === 'leave' || name === 'session.closeAll') continue
        const fields = Object.fromEntries(ACTIONS[name].fields.map((field) => [field, text]))
        for (const sure of ['', '1']) {
          const { status } = await actor.posts(name, { ...fields, csrf: await actor.csrf(), sure })
          t.ok(status < 500, `${role}: ${name} of ${JSON.stringify(text.slice(0, 9))}: ${status}`)
        }
      }
    }
  }
  const named = await signedIn(relay, 'admin')
  t.equal((await named.does('room.describe', { name: '@bob', description: '' })).status, 303)
})
