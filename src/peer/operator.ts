// What the local operator may ask over the control socket: the shapes both ends share. No I/O.

import type { ErrorCode } from '../errors.js'

/** muxrpc manifest of the control socket; every call answers one JSON value. */
export const OPERATOR_MANIFEST = {
  status: 'async',
  inviteCreate: 'async',
  inviteList: 'async',
  inviteRevoke: 'async',
  membersList: 'async',
  membersAdd: 'async',
  membersRemove: 'async',
  block: 'async',
  unblock: 'async',
  blockedList: 'async',
  doctor: 'async',
  reload: 'async',
} as const

/** `host:port` of one of our own addresses, split. */
export interface HostPort {
  host: string
  port: number
}

export type PrivacyMode = 'open' | 'community' | 'restricted'

/** How this relay is reached now. Absent listeners are null. */
export interface Addresses {
  /** multiserver addresses (`net:host:port~shs:key`), best first */
  ssb: string[]
  /** URL of the plain web listener */
  web: string | null
  https: string | null
  onion: string | null
  whois: string | null
}

export interface RelayStatus {
  id: string
  pid: number
  version: string
  mode: PrivacyMode
  name: string
  uptime_s: number
  addresses: Addresses
  members: number
  online: number
  tunnels: number
  feeds: number
  messages: number
  db_bytes: number
  rss_bytes: number
  onion: { state: 'disabled' | string; [detail: string]: unknown }
}

/** An invite as it is listed: never its seed, which the relay does not keep. Times are Unix ms. */
export interface InviteInfo {
  /** the guest key as a feed id; names the invite in `revoke` */
  id: string
  uses: number
  used: number
  note: string
  created: number
  expires: number
  state: 'live' | 'used up' | 'expired' | 'revoked'
}

/** A feed the relay follows. */
export interface MemberInfo {
  id: string
  /** Unix ms of the contact message */
  since: number
  /** how they came: an invite, a member's `follow`, or the operator */
  by: 'invite' | 'voucher' | 'operator' | 'knock'
  /** the member who vouched, for `by: 'voucher'` */
  voucher: string | null
  note: string
  online: boolean
  /** highest sequence kept, and how many messages and bytes */
  latest: number
  messages: number
  bytes: number
  forked: boolean
}

export interface BlockedInfo {
  id: string
  since: number
  reason: string
}

/** One finding of `doctor`. */
export interface DoctorCheck {
  name: string
  ok: boolean
  /** what was found and, where it is not ok, what to do */
  detail: string
}

export interface DoctorReport {
  ok: boolean
  checks: DoctorCheck[]
}

/** The control socket's methods as their caller sees them; each rejects with `{code, message}`. */
export interface Operator {
  status(): Promise<RelayStatus>
  /** `host` names the address the code shall carry; without it the best of ours. */
  inviteCreate(options: {
    uses?: number
    note?: string
    expires_days?: number
    host?: string
  }): Promise<InviteInfo & { code: string }>
  inviteList(): Promise<InviteInfo[]>
  /** @param id the invite's id, or the whole code */
  inviteRevoke(id: string): Promise<InviteInfo>
  membersList(): Promise<MemberInfo[]>
  /** Follows a feed; answers the contact message `{key, value, timestamp}`. */
  membersAdd(id: string, note?: string): Promise<unknown>
  membersRemove(id: string): Promise<unknown>
  block(id: string, reason?: string): Promise<unknown>
  unblock(id: string): Promise<unknown>
  blockedList(): Promise<BlockedInfo[]>
  /** `rebuild` folds the relay's own feed into the members table anew and reports every difference found. */
  doctor(options: { rebuild?: boolean }): Promise<DoctorReport>
  /** What SIGHUP does: read the configuration file again; answers the keys that changed and those that need a restart. */
  reload(): Promise<{ applied: string[]; needs_restart: string[] }>
}

/** How an error looks at the caller's end of any muxrpc call of ours. */
export interface WireError {
  name: string
  message: string
  code: ErrorCode
}
