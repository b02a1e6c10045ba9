// SPDX-License-Identifier: AGPL-3.0-or-later
// A member who is signed in on the web, with forms that carry the fields of the dashboard's forms.

import ssbKeys, { type Keys } from 'ssb-keys'
import type { Role } from '../../src/store/roles.js'
import { type Reply, Visitor } from './http.js'
import type { BootedRelay } from './relay.js'

export interface Member {
  id: string
  keys: Keys
  visitor: Visitor
  get(path: string): Promise<Reply>
  /** Posts a form of the dashboard, and confirms if asked. */
  does(action: string, fields?: Record<string, string>): Promise<Reply>
  /** Posts it once, with these fields and no others. */
  posts(action: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Reply>
  /** the token of its forms */
  csrf(): Promise<string>
}

/** The token of a page's forms. */
const csrfIn = (page: string): string => /name="csrf" value="([\w-]+)"/.exec(page)?.[1] ?? ''

/** Opens a login link and presses its button. */
export async function followLink(relay: Pick<BootedRelay, 'webUrl'>, url: string): Promise<Visitor> {
  const visitor = new Visitor(relay.webUrl)
  const { pathname, search, searchParams } = new URL(url)
  const { text } = await visitor.get(pathname + search)
  const fields = { csrf: csrfIn(text), token: searchParams.get('token') ?? '' }
  const reply = await visitor.post('/login/link', fields)
  if (reply.status !== 303) throw new Error(`the login link was not taken: ${reply.status}`)
  return visitor
}

/** Makes a member with a role, signed in by a login link. */
export async function signedIn(
  relay: BootedRelay,
  role: Role = 'member',
  keys = ssbKeys.generate(),
): Promise<Member> {
  const { operator } = relay
  const members = await operator.membersList()
  if (!members.some(({ id }) => id === keys.id)) await operator.membersAdd(keys.id)
  await operator.membersRole(keys.id, role)
  const visitor = await followLink(relay, (await operator.membersLink(keys.id)).url)

  async function csrf(): Promise<string> {
    return csrfIn((await visitor.get('/logout')).text)
  }
  const posts: Member['posts'] = (action, fields, headers = {}) =>
    visitor.post(`/dashboard/do/${action}`, fields, headers)
  return {
    id: keys.id,
    keys,
    visitor,
    csrf,
    posts,
    get: (path) => visitor.get(path),
    does: async (action, fields = {}) => posts(action, { ...fields, csrf: await csrf(), confirmed: '1' }),
  }
}
