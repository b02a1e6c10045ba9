// SPDX-License-Identifier: AGPL-3.0-or-later
// httpAuth: sign-in with SSB (SSB HTTP Authentication), the app's side.

import type { Methods } from '../../muxrpc/registry.js'
import type { Connections } from '../../room/connections.js'
import type { AskApp, SignInBridge } from '../../room/sign-in.js'
import type { Store } from '../../store/store.js'
import type { AccessTable } from '../access.js'
import type { Connection } from '../connection.js'

/** `httpAuth.sendSolution(sc, cc, sol)` and `httpAuth.invalidateAllSolutions()`. */
export function httpAuthMethods(
  { members }: AccessTable,
  { store, signIn }: { store: Store; signIn: SignInBridge },
): Methods<Connection> {
  return {
    'httpAuth.sendSolution': {
      type: 'async',
      access: members,
      // `false` for every error, so that it does not tell which challenges exist
      call: ({ id }, sc, cc, solution) => signIn.solve(id, sc, cc, solution),
    },
    'httpAuth.invalidateAllSolutions': {
      type: 'async',
      access: members,
      async call({ id }) {
        await store.signIns.closeAll(id)
        return true
      },
    },
  }
}

/** Asks the newest connection of a member to sign (`httpAuth.requestSolution`). */
export function createAskApp(connections: Connections<Connection>): AskApp {
  return (feed, sc, cc) => {
    const rpc = [...connections.of(feed)].at(-1)?.rpc
    if (!rpc) return null
    return new Promise((resolve) => {
      rpc.request(['httpAuth', 'requestSolution'], [sc, cc], (err, solution) =>
        resolve(err ? undefined : solution),
      )
    })
  }
}
