// SPDX-License-Identifier: AGPL-3.0-or-later
// Forms that no page of ours sends: wrong fields, and bodies that arrive late.

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { ACTIONS, type ActionName } from '../../src/web/handlers/dashboard/actions.js'
import { type Member, signedIn } from '../helpers/member.js'
import { bootRelay, within } from '../helpers/relay.js'

t.test('no field of any form, however long, empty or odd, is a fault of ours', async (t) => {
  const relay = await bootRelay(t)
  await signedIn(relay, 'admin')
  for (const role of ['member', 'admin'] as const) {
    const actor = await signedIn(relay, role)
    for (const text of ['', '@', '@bob', 'a'.repeat(5000), `@${'a'.repeat(5000)}`, '\0']) {
      for (const name of Object.keys(ACTIONS) as ActionName[]) {
        // these have no field that could be wrong
        if (name === 'leave' || name === 'session.closeAll') continue
        const fields = Object.fromEntries(ACTIONS[name].fields.map((field) => [field, text]))
        for (const confirmed of ['', '1']) {
          const { status } = await actor.posts(name, { ...fields, csrf: await actor.csrf(), confirmed })
          t.ok(status < 500, `${role}: ${name} of ${JSON.stringify(text.slice(0, 9))}: ${status}`)
        }
      }
    }
  }
  const named = await signedIn(relay, 'admin')
  t.equal((await named.does('room.describe', { name: '@bob', description: '' })).status, 303)
})

t.test('a form whose body is held back while its sign-in ends is not obeyed', async (t) => {
  const relay = await bootRelay(t)
  const { hostname, port } = new URL(relay.webUrl)
  /** Sends a form's head and part of its body; returns a function that sends the rest and returns the status. */
  async function begin(thief: Member, path: string, fields: Record<string, string>) {
    const body = new URLSearchParams({ csrf: await thief.csrf(), ...fields }).toString()
    const socket = connect(Number(port), hostname)
    t.teardown(() => socket.destroy())
    const answered = once(socket, 'data')
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nCookie: ${thief.visitor.cookie}\r\nContent-Length: ${body.length}\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\n\r\n${body.slice(0, 5)}`,
    )
    await setTimeout(200)
    return async (): Promise<number> => {
      socket.write(body.slice(5))
      const [chunk] = (await within('an answer', answered)) as [Buffer]
      return Number(chunk.toString('latin1', 9, 12))
    }
  }
  const describe = { name: 'Owned', description: '' }
  const ends: Array<(owner: Member) => Promise<unknown>> = [
    (owner) => owner.does('session.closeAll'),
    (owner) => relay.operator.membersRemove(owner.id),
  ]
  for (const end of ends) {
    const owner = await signedIn(relay, 'admin')
    const thief = await signedIn(relay, 'admin', owner.keys)
    const before = await relay.operator.settings()
    const action = await begin(thief, '/dashboard/do/room.describe', describe)
    const out = await begin(thief, '/logout', {})
    await end(owner)
    t.equal(await action(), 401)
    t.equal(await out(), 401)
    t.same(await relay.operator.settings(), before)
  }
  const honest = await signedIn(relay, 'admin')
  t.equal(await (await begin(honest, '/dashboard/do/room.describe', describe))(), 303, 'slow is no crime')
})
