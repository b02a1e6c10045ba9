// SPDX-License-Identifier: AGPL-3.0-or-later
// What names another relay: an invite code, a multiserver address, `host:port:@key.ed25519`, or a feed id alone. Pure.

import { RelayError } from '../lib/errors.js'
import { isDialable } from '../lib/host.js'
import { type FeedId, isFeedId, readFeedId } from './feed-id.js'
import { type HostPort, type InviteCode, parseInviteCode } from './invite-code.js'

export interface NamedPeer {
  peer: FeedId
  /** null for a feed id alone */
  address: HostPort | null
  /** the invite to use first, if it is one */
  invite: InviteCode | null
}

/** Longest text that is parsed, as for invite codes. */
const TEXT_CHARS = 512

const MULTISERVER = /^(?:net|onion):(.+):(\d{1,5})~shs:([A-Za-z0-9+/]{43}=)$/
const ADDRESS = /^(.+):(\d{1,5}):(@[A-Za-z0-9+/]{43}=\.ed25519)$/

/**
 * Parses the text; ignores quotes and spaces around it.
 * @throws RelayError `bad_argument`, `invite_malformed`
 */
export function parsePeer(text: string): NamedPeer {
  const id = readFeedId(text)
  if (id) return { peer: id, address: null, invite: null }
  const clean = text.length > TEXT_CHARS ? '' : text.trim().replace(/^(["'])(.*)\1$/, '$2')
  if (clean.includes('~') && !MULTISERVER.test(clean)) {
    const invite = parseInviteCode(clean)
    return { peer: invite.relay, address: dialable(invite.host, invite.port), invite }
  }
  const [, host, port, key] = MULTISERVER.exec(clean) ?? ADDRESS.exec(clean) ?? []
  const peer = key?.startsWith('@') ? key : `@${key}.ed25519`
  if (!host || !isFeedId(peer))
    throw new RelayError(
      'bad_argument',
      'expected an invite code, net:HOST:PORT~shs:KEY, HOST:PORT:@KEY.ed25519 or a feed id',
    )
  return { peer, address: dialable(host, Number(port)), invite: null }
}

function dialable(host: string, port: number): HostPort {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (!isDialable(bare) || port < 1 || port > 65535)
    throw new RelayError('bad_argument', `${host}:${port} is not an address`)
  return { host: bare, port }
}
