// What the local operator may ask over the control socket: methods and shapes that both ends share. No I/O.

import type { MatrixStatus } from '../matrix/contract.js'
import type { BackupEnd, BackupNote } from '../store/backup-format.js'
import type { Role } from '../store/roles.js'
import type { PrivacyMode } from '../store/settings.js'
import type { OnProgress } from './call.js'
import { MATRIX_METHODS, type MatrixMethods } from './matrix.js'

/** Raised when an older client could misread what the relay sends; a method or a field more does not raise it. */
export const PROTOCOL_VERSION = 1

/** Every method, by its name on the wire. The type sees to it that none is missing. */
const METHODS: Record<keyof Operator, true> = {
  status: true,
  inviteCreate: true,
  inviteList: true,
  inviteRevoke: true,
  membersList: true,
  membersAdd: true,
  membersRemove: true,
  membersReset: true,
  block: true,
  unblock: true,
  blockedList: true,
  doctor: true,
  reload: true,
  metrics: true,
  settings: true,
  setup: true,
  mode: true,
  membersRole: true,
  membersLink: true,
  audit: true,
  knocksList: true,
  knockAccept: true,
  knockDecline: true,
  aliasList: true,
  aliasRevoke: true,
  backup: true,
  backupNext: true,
  recoveryFinish: true,
  ...MATRIX_METHODS,
}

export const OPERATOR_METHODS = Object.keys(METHODS) as Array<keyof Operator>

/** How this relay is reached now. Absent listeners are null. */
export interface Addresses {
  /** multiserver addresses (`net:host:port~shs:key`), best first */
  ssb: string[]
  /** URL of the plain web listener */
  web: string | null
  https: string | null
  onion: string | null
  whois: string | null
  /** URL of the metrics, where `metrics.port` is set */
  metrics: string | null
}

/** How the relay is reached by HTTPS under its domain. Times are Unix ms. */
export interface HttpsStatus {
  /**
   * `off`: not by us; `proxied`: by the proxy named in `domain.proxy`; `waiting`: no certificate yet; else what can be
   * said of the certificate that is served, by our clock
   */
  state: 'off' | 'proxied' | 'waiting' | 'valid' | 'expired' | 'not_yet_valid'
  /** where the certificate comes from: the operator's files, or a certificate authority that we ask */
  source: 'files' | 'acme' | null
  /** who signed the certificate */
  issuer: string | null
  expires: number | null
  /** when another certificate is fetched, or tried to be fetched, next; null where that is not our business */
  renews: number | null
  /** what went wrong last, until it is mended */
  reason: string | null
  /** the port that leads to HTTPS */
  http_port: number | null
}

export interface RelayStatus {
  id: string
  pid: number
  version: string
  mode: PrivacyMode
  name: string
  uptime_s: number
  /** restored from a backup, and not publishing yet */
  recovering: boolean
  /** who vouches for the clock: the network, or an hour without a step; until then nothing that has expired is deleted */
  time: 'network' | 'agreement' | 'unconfirmed'
  addresses: Addresses
  members: number
  online: number
  tunnels: number
  /** members whose apps have asked for EBT since the start, while `feeds.ebt` is off */
  ebt_refused: number
  feeds: number
  messages: number
  /** of the messages kept, and the most there may be */
  message_bytes: number
  max_bytes: number
  /** of the database's file, which also holds what is free in it */
  db_bytes: number
  rss_bytes: number
  https: HttpsStatus
  onion: { state: 'disabled' | string; [detail: string]: unknown }
  matrix: MatrixStatus
  /** what the operator should know, one sentence each */
  warnings: string[]
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
  /** who made it: a member's id, `operator`, or `captcha` for the web's */
  by: string
  /** the one feed a directed invite is for */
  for: string | null
}

/** A feed the relay follows. */
export interface MemberInfo {
  id: string
  role: Role
  /** Unix ms of the contact message */
  since: number
  /** how they came: an invite, a member's `follow`, or the operator */
  by: 'invite' | 'voucher' | 'operator' | 'knock'
  /** the member who vouched, for `by: 'voucher'` */
  voucher: string | null
  note: string
  online: boolean
  /** Unix ms, to within an hour, at which they were last here; null if never */
  seen: number | null
  /** highest sequence kept, and how many messages and bytes */
  latest: number
  messages: number
  bytes: number
  forked: boolean
  /** what was refused of its feed since the relay started: in how many streams, and the last one's code and Unix ms */
  refused: { times: number; code: string; at: number } | null
}

/** Somebody waiting to be let in. Times are Unix ms. */
export interface KnockInfo {
  id: string
  note: string
  since: number
  expires: number
}

/** A name by which a member is found. */
export interface AliasInfo {
  alias: string
  owner: string
  /** Unix ms */
  since: number
}

/** An action of moderation. */
export interface AuditInfo {
  /** Unix ms */
  at: number
  /** a member's id, or `operator` */
  who: string
  what: string
  whom: string
  detail: string
}

/** The next piece of a backup: a page of rows in base64, or the end. */
export type BackupPiece = { page: string } | { end: BackupEnd }

/** What the room is called and who may come in. */
export interface SettingsInfo {
  name: string
  description: string
  mode: PrivacyMode
  /** whether members may replicate by EBT, whatever the configuration says */
  ebt: boolean
  set_up: boolean
  /** until set-up is done: what the web's set-up page asks for */
  setup_token: string | null
}

export interface SetupAnswers {
  name: string
  description: string
  /** feed id of whoever shall administer the room over SSB: followed, and given the role */
  admin?: string
  /** whether members may replicate by EBT; left out, it stays as it is */
  ebt?: boolean
}

export interface BlockedInfo {
  id: string
  since: number
  reason: string
}

/** One finding of `doctor`. */
export interface DoctorCheck {
  name: string
  /** false for an error alone: a warning can wait */
  ok: boolean
  severity: 'ok' | 'warning' | 'error'
  /** what was found */
  detail: string
  /** what to do; null where nothing has to be */
  advice: string | null
}

export interface DoctorReport {
  ok: boolean
  checks: DoctorCheck[]
}

/** The control socket's methods as their caller sees them; each rejects with a RelayError. */
export interface Operator extends MatrixMethods {
  status(): Promise<RelayStatus>
  /**
   * `timed_by` is there while nobody vouches for the clock: `expires` is corrected once somebody does.
   * `host` names the address the code shall carry; without it the best of ours.
   */
  inviteCreate(options: {
    uses?: number
    note?: string
    expires_days?: number
    host?: string
    /** a directed invite: only this feed may use it, by the code or just by connecting */
    for?: string
  }): Promise<InviteInfo & { code: string; link: string; timed_by?: 'uptime' }>
  inviteList(): Promise<InviteInfo[]>
  /** @param id the invite's id, or the whole code or link */
  inviteRevoke(id: string): Promise<InviteInfo>
  membersList(): Promise<MemberInfo[]>
  /** Follows a feed; answers the contact message `{key, value, timestamp}`. */
  membersAdd(id: string, note?: string): Promise<unknown>
  membersRemove(id: string): Promise<unknown>
  /** Deletes what is stored of a member's feed and asks for it again; answers how many messages that were. */
  membersReset(id: string): Promise<{ messages: number }>
  /** Without a reason, one that is kept stays. */
  block(id: string, reason?: string): Promise<{ already: boolean }>
  unblock(id: string): Promise<void>
  blockedList(): Promise<BlockedInfo[]>
  settings(): Promise<SettingsInfo>
  /** All metrics in the OpenMetrics text format. */
  metrics(): Promise<string>
  /** Answers the first run's questions, or changes the answers later. */
  setup(answers: SetupAnswers): Promise<SettingsInfo>
  /** Changes the privacy mode, effective on live connections at once. */
  mode(mode: PrivacyMode): Promise<SettingsInfo>
  /** @throws `not_following` for a feed that is no member */
  membersRole(id: string, role: Role): Promise<void>
  /** A link by which one browser is signed in as a member, once. @throws `not_following` */
  membersLink(id: string): Promise<{ url: string; expires: number }>
  /** What was done by whom, newest first. */
  audit(count?: number): Promise<AuditInfo[]>
  knocksList(): Promise<KnockInfo[]>
  /** Lets one in; answers the contact message. */
  knockAccept(id: string): Promise<unknown>
  knockDecline(id: string): Promise<unknown>
  aliasList(): Promise<AliasInfo[]>
  /** Frees a name. @throws `not_found` */
  aliasRevoke(alias: string): Promise<void>
  /** Opens a snapshot of the store for this connection, which closes it. @throws `busy` */
  backup(): Promise<BackupNote>
  /** Reads on in that snapshot; after the end it is closed. */
  backupNext(): Promise<BackupPiece>
  /** After a restore: publish again without asking any further how far the relay's own feed had come. */
  recoveryFinish(): Promise<void>
  /**
   * `rebuild` folds the relay's own feed into the members table again and reports every difference found;
   * `quick` does not read the whole store, for a check every minute.
   */
  doctor(options: { rebuild?: boolean; quick?: boolean }, onProgress?: OnProgress): Promise<DoctorReport>
  /** What SIGHUP does: read the configuration file again; answers the keys that changed and those that need a restart. */
  reload(): Promise<{ applied: string[]; needs_restart: string[] }>
}
