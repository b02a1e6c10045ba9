// Limits of the pages, the onion, certificates and the control socket; `limits.ts` has the others and hands these on.

import { DAY, HOUR, KIB, MIB, MINUTE, SECOND } from './units.js'

// --- web -------------------------------------------------------------------------------------------------------

/** Bytes in a request body: a captcha answer needs fifty. */
export const BODY_BYTES = 8 * KIB
/**
 * Bytes of a form that carries text by people: the longest answers it takes need 15 KiB, as `%D7%A9` is one letter, and
 * a person who wrote some times too much is told so beside the field, with all they wrote still there. A power of two, as
 * buffers double.
 */
export const TEXT_FORM_BYTES = 64 * KIB
/** Bytes of an oversized body that are read and dropped, so that its sender hears the refusal instead of a reset. */
export const BODY_DISCARDED = 4 * MIB
/** Bytes that all unfinished bodies hold together: 64 of the largest. Beyond it the oldest is refused. */
export const BODIES_BYTES = 4 * MIB
/** Bytes below which a chunk of a body is a crumb, and crumbs that one body may have: a browser sends one, at its end. */
export const BODY_CRUMB = 64
export const BODY_CRUMBS = 128
/** Fields of a form, and values in a JSON body: the largest of ours has ten. */
export const BODY_FIELDS = 64
/** Milliseconds a captcha can be answered. */
export const CAPTCHA_MS = 10 * MINUTE
/** Links that lead nowhere, asked for in an hour by everyone together; who holds a real one is never refused for them. */
export const BAD_LINKS_PER_HOUR = 600
/** Claims by one link in an hour that let nobody in: each tells its holder whether somebody is a member. */
export const IDLE_CLAIMS_PER_HOUR = 8
/** Invites whose idle claims are counted, the oldest forgotten first. */
export const CLAIMED_KEPT = 1000
/** Milliseconds a session is kept after it was last seen. */
export const SESSION_MS = 30 * MINUTE
/** Sessions kept of each group, newcomers and known; the oldest goes first. A session is some 300 bytes. */
export const SESSIONS = 2000
/** Captcha images kept; the oldest goes first, and its captcha is drawn again when fetched. An image is some 17 KB. */
export const CAPTCHA_IMAGES = 64

// --- onion -----------------------------------------------------------------------------------------------------

/** The ports of the onion address: what browsers, SSB clients and lookups by host alone expect, whatever ours are. */
export const ONION_PORTS = { web: 80, ssb: 8008, whois: 26_819 }

/** Bytes of a configuration file: one with every key explained has 6 KiB. */
export const CONFIG_BYTES = 256 * KIB

// --- service ---------------------------------------------------------------------------------------------------

/**
 * Milliseconds between the writes that prove to the watchdog that the disk still takes them; between them it is shown
 * reads alone. A write is some 16 KiB of a card's life.
 */
export const PULSE_WRITE_MS = 5 * MINUTE

/** Bytes of an eighth of the machine's memory that tor may queue: below the least it complains, the most is plenty. */
export const TOR_QUEUE_BYTES = { least: 64 * MIB, most: 256 * MIB }

// --- certificates ----------------------------------------------------------------------------------------------

/** Milliseconds between looks at the certificate: has its file changed, is it time to renew, has the clock been set. */
export const CERTIFICATE_LOOK_MS = 30 * SECOND
/** The part of a certificate's life after which another one is fetched: a month to spare of ninety days. */
export const RENEW_AFTER = 2 / 3
/** Milliseconds one answer of the certificate authority, and fetching a certificate as a whole, may take. */
export const ACME_ANSWER_MS = 30 * SECOND
export const ACME_FETCH_MS = 5 * MINUTE
/** Milliseconds until the authority is tried again if it could not be reached; doubled each time, up to the second. */
export const ACME_UNREACHED_MS = [30 * SECOND, 30 * MINUTE] as const
/** The same if it answered and gave no certificate: authorities bear five failures an hour. */
export const ACME_REFUSED_MS = [5 * MINUTE, 12 * HOUR] as const
/** The longest an authority may tell us to stay away, in milliseconds: rate limits are counted by the week. */
export const ACME_AWAY_MS = 7 * DAY
/** A clock before this was never set: boards without a battery wake up in 1970. 2024-01-01, Unix ms. */
export const PLAUSIBLE_NOW = 1_704_067_200_000
/** Challenges of one certificate that are answered at once: there is one name, so one is asked. */
export const ACME_CHALLENGES = 8
/** Characters of a challenge's token and of its answer (RFC 8555, 8.3): theirs have some 40 and 90. */
export const ACME_CHALLENGE_CHARS = 512
/** Bytes of one answer of the authority: the longest is a chain, of some 8 KiB. In chunks of one byte it takes 15 MB. */
export const ACME_ANSWER_BYTES = 64 * KIB
/** Milliseconds for which wall clock and monotonic clock must agree until that is enough to trust the first. */
export const CLOCK_AGREES_MS = 1 * HOUR
/** Milliseconds between looks at whether they do, and whether the network keeps the clock. */
export const CLOCK_LOOK_MS = 1 * MINUTE
/** Milliseconds by which they may differ from one look to the next: a clock that is adjusted gains or loses 30 ms. */
export const CLOCK_STEP_MS = 1 * SECOND
/** Bytes in a key or certificate file; a chain of four is some 8 KiB. */
export const PEM_BYTES = 256 * KIB

/** Things that others can provoke whose log lines are counted apart; beyond it the oldest count begins again. */
export const LOG_KINDS = 1000

// --- control socket --------------------------------------------------------------------------------------------

/** Bytes of one request's line: the longest carries a description of 1,000 characters, escaped. */
export const CONTROL_REQUEST_BYTES = 64 * KIB
/** Bytes of one answer's line: a list of 100,000 members is some 40 MiB. */
export const CONTROL_ANSWER_BYTES = 64 * MIB
/** Connections to the control socket at once; commands hold one each, for as long as they run. */
export const CONTROL_CONNECTIONS = 32
/** Requests under way on one connection. */
export const CONTROL_REQUESTS = 16
/** Request lines handled in one turn of the event loop. */
export const CONTROL_LINES_TURN = 64
/** Milliseconds between signs of life of a request under way, so that its caller can tell work from a relay that hangs. */
export const CONTROL_HEARTBEAT_MS = 5 * SECOND
/** Milliseconds between two reports of one request's progress: enough for a person's eye. */
export const CONTROL_PROGRESS_MS = 200

/** Backups at once: each keeps LMDB from reusing pages, so that the database grows meanwhile. */
export const BACKUPS_AT_ONCE = 2
/** Bytes of rows after which a page of a backup is sent: some milliseconds of work in one turn of the event loop. */
export const BACKUP_PAGE_BYTES = 256 * KIB

// --- closing ---------------------------------------------------------------------------------------------------

/** Milliseconds a clean close may take before what is left is cut off; systemd and the tests expect 5 s in all. */
export const CLOSE_MS = 4 * SECOND
