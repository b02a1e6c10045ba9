// httpAuth: sign-in with SSB (SSB HTTP Authentication), the app's half over muxrpc.

import type { Connections } from '../../room/connections.js'
import type { AskApp, SignInBridge } from '../../room/sign-in.js'
import type { Store } from '../../store/store.js'
import { answering } from '../arguments.js'
import type { Session } from '../session.js'

export interface HttpAuthComponents {
  store: Store
  signIn: SignInBridge
}

/** `httpAuth.sendSolution(sc, cc, sol)` and `httpAuth.invalidateAllSolutions()`. */
export function createHttpAuth({ store, signIn }: HttpAuthComponents) {
  return {
    /** Whatever is wrong, the answer is `false`: which challenges there are is nobody's business. */
    sendSolution: answering(async (session, sc, cc, solution) => signIn.solve(session.id, sc, cc, solution)),
    invalidateAllSolutions: answering(async (session) => {
      await store.signIns.closeAll(session.id)
      return true
    }),
  }
}

/** Asks the newest connection of a member to sign (`httpAuth.requestSolution`). */
export function createAskApp(connections: Connections<Session>): AskApp {
  return (feed, sc, cc) => {
    const rpc = [...connections.of(feed)].at(-1)?.rpc
    if (!rpc) return null
    return new Promise((resolve) => {
      rpc.httpAuth.requestSolution(sc, cc, (err, solution) => resolve(err ? undefined : solution))
    })
  }
}
