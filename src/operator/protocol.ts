// SPDX-License-Identifier: AGPL-3.0-or-later
// The control socket's methods and types, shared by client and server. No I/O.

import type { MatrixStatus } from '../matrix/contract.js'
import type { BackupEnd, BackupNote } from '../store/backup-format.js'
import type { Role } from '../store/roles.js'
import type { PrivacyMode } from '../store/settings.js'
import type { HealthWarning } from '../web/contract.js'
import type { OnProgress } from './call.js'
import { MATRIX_METHODS, type MatrixMethods } from './matrix.js'
import { NOTICE_METHODS, type NoticeMethods } from './notices.js'
import { PEER_METHODS, type PeerMethods } from './peers.js'

/** Increased when an older client could misread the relay. Additional methods and fields do not increase it. */
export const PROTOCOL_VERSION = 1

/** Every method, by its name on the wire. The type makes sure that none is missing. */
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
  questionList: true,
  questionSet: true,
  questionRemove: true,
  ...NOTICE_METHODS,
  backup: true,
  backupNext: true,
  recoveryFinish: true,
  ...MATRIX_METHODS,
  ...PEER_METHODS,
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
  /** URL of the pages for the local network, where `web.local` is on */
  local: string | null
  /** URL of the metrics, where `metrics.port` is set */
  metrics: string | null
}

/** How the relay is reached by HTTPS under its domain. Times are Unix ms. */
export interface HttpsStatus {
  /**
   * `off`: not served by the relay; `proxied`: by the proxy in `domain.proxy`; `waiting`: no certificate yet; else the
   * state of the certificate by the relay's clock
   */
  state: 'off' | 'proxied' | 'waiting' | 'valid' | 'expired' | 'not_yet_valid'
  /** source of the certificate: the operator's files, or ACME */
  source: 'files' | 'acme' | null
  /** issuer of the certificate */
  issuer: string | null
  expires: number | null
  /** next attempt to renew; null if the relay does not renew it */
  renews: number | null
  /** the current problem */
  reason: string | null
  /** port that redirects to HTTPS */
  http_port: number | null
}

export interface RelayStatus {
  id: string
  pid: number
  version: string
  mode: PrivacyMode
  name: string
  uptime_s: number
  /** restored from a backup and not publishing yet */
  recovering: boolean
  /** what confirms the clock: the network, or an hour without a step. Until then nothing that has expired is deleted */
  time: 'network' | 'agreement' | 'unconfirmed'
  addresses: Addresses
  members: number
  online: number
  tunnels: number
  /** other relays that feeds are kept with: how many are connected, and how many were not for a day */
  peers: { known: number; connected: number; lost: number }
  /** members whose apps have asked for EBT since the start, while `feeds.ebt` is off */
  ebt_refused: number
  feeds: number
  messages: number
  /** size of the stored messages, and its limit */
  message_bytes: number
  max_bytes: number
  /** size of the database file, including free pages */
  db_bytes: number
  rss_bytes: number
  https: HttpsStatus
  onion: { state: 'disabled' | string; [detail: string]: unknown }
  matrix: MatrixStatus
  /** Unix ms of the last backup that was read to its end; null if there was none */
  last_backup: number | null
  /** warnings for the operator, one sentence each */
  warnings: string[]
  /** the same as stable codes with their figures */
  warning_codes: HealthWarning[]
}

/** An invite in a list. The relay does not keep its seed. Times are Unix ms. */
export interface InviteInfo {
  /** the guest key as a feed id; identifies the invite in `revoke` */
  id: string
  uses: number
  used: number
  note: string
  created: number
  expires: number
  state: 'live' | 'used up' | 'expired' | 'revoked'
  /** creator: a member's id, `operator`, or `captcha` for the web */
  by: string
  /** the only feed that can use a directed invite */
  for: string | null
}

/** A feed the relay follows. */
export interface MemberInfo {
  id: string
  /** what the owner calls themselves, else an alias, else the note; null without any. Anybody can choose any name. */
  name: string | null
  role: Role
  /** Unix ms of the contact message */
  since: number
  /** how the feed became a member */
  by: 'invite' | 'voucher' | 'operator' | 'knock'
  /** the member who vouched, for `by: 'voucher'` */
  voucher: string | null
  note: string
  online: boolean
  /** whether other relays may keep the feed */
  shared: boolean
  /** last connection, Unix ms to within an hour; null if never */
  seen: number | null
  /** highest stored sequence, number of messages and their size */
  latest: number
  messages: number
  bytes: number
  forked: boolean
  /** rejected messages since the start: the number of streams with some, and the last code and its time in Unix ms */
  refused: { times: number; code: string; at: number } | null
}

/** A waiting knock. Times are Unix ms. */
export interface KnockInfo {
  id: string
  /** of a feed whose messages are still stored; null for others, and for Matrix users */
  name: string | null
  note: string
  since: number
  expires: number
}

/** An alias. */
export interface AliasInfo {
  alias: string
  owner: string
  /** Unix ms */
  since: number
}

/** An entry of the audit log. */
export interface AuditInfo {
  /** Unix ms */
  at: number
  /** a member's id, or `operator` */
  who: string
  /** names of both, as in `MemberInfo` */
  who_name: string | null
  what: string
  whom: string
  whom_name: string | null
  detail: string
}

/** The next piece of a backup: a page of rows in base64, or the end. */
export type BackupPiece = { page: string } | { end: BackupEnd }

/** Name, description and privacy mode of the room. */
export interface SettingsInfo {
  name: string
  description: string
  mode: PrivacyMode
  /** whether members may replicate by EBT; overrides the configuration */
  ebt: boolean
  set_up: boolean
  /** token for the web's set-up page; null once set-up is done */
  setup_token: string | null
  /**
   * seconds in which the local network can set the room up without the token, 0 once they are over; null where that is
   * off, and once set-up is done
   */
  local_claim_s: number | null
}

export interface SetupAnswers {
  name: string
  description: string
  /** feed id of the first admin, who is followed and given the role */
  admin?: string
  /** whether members may replicate by EBT; unchanged if omitted */
  ebt?: boolean
}

/** A question that newcomers answer on the web. */
export interface QuestionInfo {
  /** such as `de` */
  language: string
  text: string
  answers: readonly string[]
  /** whether they can solve the picture instead; the same for all languages */
  picture: boolean
}

export interface BlockedInfo {
  id: string
  since: number
  reason: string
}

/** One finding of `doctor`. */
export interface DoctorCheck {
  name: string
  /** false for an error; true for a warning */
  ok: boolean
  severity: 'ok' | 'warning' | 'error'
  /** what was found */
  detail: string
  /** what to do; null if nothing */
  advice: string | null
}

export interface DoctorReport {
  ok: boolean
  checks: DoctorCheck[]
}

/** The control socket's methods as a client calls them. Each rejects with a RelayError. */
export interface Operator extends MatrixMethods, NoticeMethods, PeerMethods {
  status(): Promise<RelayStatus>
  /**
   * `timed_by` is present while the clock is not confirmed; `expires` is corrected once it is.
   * `host` is the address in the code; by default the relay's best address.
   */
  inviteCreate(options: {
    uses?: number
    note?: string
    expires_days?: number
    host?: string
    /** a directed invite: only this feed can use it, by the code or by connecting */
    for?: string
  }): Promise<InviteInfo & { code: string; link: string; timed_by?: 'uptime' }>
  inviteList(): Promise<InviteInfo[]>
  /** @param id the invite's id, or the complete code or link */
  inviteRevoke(id: string): Promise<InviteInfo>
  membersList(): Promise<MemberInfo[]>
  /** Follows a feed. @returns the contact message `{key, value, timestamp}` */
  membersAdd(id: string, note?: string): Promise<unknown>
  membersRemove(id: string): Promise<unknown>
  /** Deletes the stored messages of a member's feed and requests them again. @returns their number */
  membersReset(id: string): Promise<{ messages: number }>
  /** Without a reason, an earlier one is kept. */
  block(id: string, reason?: string): Promise<{ already: boolean }>
  unblock(id: string): Promise<void>
  blockedList(): Promise<BlockedInfo[]>
  settings(): Promise<SettingsInfo>
  /** All metrics in the OpenMetrics text format. */
  metrics(): Promise<string>
  /** Answers the set-up questions, or changes the answers. */
  setup(answers: SetupAnswers): Promise<SettingsInfo>
  /** Changes the privacy mode. It applies to open connections at once. */
  mode(mode: PrivacyMode): Promise<SettingsInfo>
  /** @throws RelayError `not_following` for a feed that is not a member */
  membersRole(id: string, role: Role): Promise<void>
  /** Creates a one-time link that signs one browser in as a member. @throws RelayError `not_following` */
  membersLink(id: string): Promise<{ url: string; expires: number }>
  /** The audit log, newest entry first. */
  audit(count?: number): Promise<AuditInfo[]>
  knocksList(): Promise<KnockInfo[]>
  /** Accepts a knock. @returns the contact message */
  knockAccept(id: string): Promise<unknown>
  knockDecline(id: string): Promise<unknown>
  aliasList(): Promise<AliasInfo[]>
  /** Revokes an alias. @throws RelayError `not_found` */
  aliasRevoke(alias: string): Promise<void>
  /** The questions for newcomers. The first is asked in all languages without one of their own. */
  questionList(): Promise<QuestionInfo[]>
  /**
   * Adds a question, or replaces the one in its language. Without `picture` that stays as it is.
   * @throws RelayError `bad_argument`, `quota_reached`
   */
  questionSet(question: Omit<QuestionInfo, 'picture'> & { picture?: boolean }): Promise<QuestionInfo[]>
  /** @throws RelayError `not_found` */
  questionRemove(language: string): Promise<QuestionInfo[]>
  /** Opens a snapshot of the store for this connection, which closes it. @throws `busy` */
  backup(): Promise<BackupNote>
  /** Returns the next piece of that snapshot; after the end it is closed. */
  backupNext(): Promise<BackupPiece>
  /** After a restore: stops asking peers for the relay's own feed and publishes again. */
  recoveryFinish(): Promise<void>
  /**
   * `rebuild` rebuilds the members table from the relay's own feed and the profiles from theirs, and reports every difference;
   * `quick` skips the check that reads the whole store.
   */
  doctor(options: { rebuild?: boolean; quick?: boolean }, onProgress?: OnProgress): Promise<DoctorReport>
  /** Reads the configuration again, as on SIGHUP. @returns the changed keys, and those that need a restart */
  reload(): Promise<{ applied: string[]; needs_restart: string[] }>
}
