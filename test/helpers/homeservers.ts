// SPDX-License-Identifier: AGPL-3.0-or-later
// Two real homeservers that trust one authority, their users and rooms.

import { join } from 'node:path'
import type { Test } from 'tap'
import { type Authority, createAuthority } from './certificates.js'
import { shortDir } from './relay.js'
import { type MatrixUser, type Synapse, startSynapse } from './synapse.js'
import { until } from './wait.js'

export interface Homeservers {
  authority: Authority
  one: Synapse
  two: Synapse
  /** Registers a user with a name of its own. */
  someone(server: Synapse): Promise<MatrixUser>
  /** Creates a room with an alias on the user's server. @param more further fields of `createRoom` */
  createRoom(
    by: MatrixUser,
    version: string,
    more?: Record<string, unknown>,
  ): Promise<{ id: string; alias: string }>
}

/** Starts both; they stop with the test. Each takes seconds to start, so the subtests of a file share them. */
export async function startHomeservers(t: Test): Promise<Homeservers> {
  const authority = await createAuthority()
  const dir = await shortDir(t)
  const [one, two] = await Promise.all([
    startSynapse(t, authority, join(dir, 'one')),
    startSynapse(t, authority, join(dir, 'two')),
  ])
  let count = 0
  return {
    authority,
    one,
    two,
    someone: (server) => server.register(`u${++count}`),
    async createRoom(by, version, more = {}) {
      const local = `room${++count}`
      const { status, body } = await by.call('POST', '/createRoom', {
        ...{ room_version: version, preset: 'public_chat', room_alias_name: local, name: local },
        ...more,
      })
      if (status !== 200) throw new Error(JSON.stringify(body))
      return { id: body.room_id, alias: `#${local}:${by.id.split(':').slice(1).join(':')}` }
    },
  }
}

/** Waits at most 20 s until a user reads a message in a room. @throws when the time is up */
export function readsText(user: MatrixUser, room: string, text: string): Promise<boolean> {
  return until(`${user.id} reads ${text}`, async () => (await user.texts(room)).includes(text), 20_000)
}

/** The message that a call is rejected with; other text if it is not. */
export function refused(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'not refused',
    (err: Error) => err.message,
  )
}
