// SPDX-License-Identifier: AGPL-3.0-or-later
// Limits of the pages, the onion, certificates and the control socket. `limits.ts` has the others and re-exports these.

import { DAY, HOUR, KIB, MIB, MINUTE, SECOND } from './units.js'

// --- web -------------------------------------------------------------------------------------------------------

/** Bytes in a request body: a captcha answer has some fifty. */
export const BODY_BYTES = 8 * KIB
/**
 * Bytes of a form with texts: the longest valid one has 15 KiB, as `%D7%A9` is one letter. The margin lets a text
 * that is several times too long get an error beside its field, with the input kept. A power of two, as buffers
 * double.
 */
export const TEXT_FORM_BYTES = 64 * KIB
/** Bytes of an oversized body that are read and discarded, so that its sender gets the error instead of a reset. */
export const BODY_DISCARDED = 4 * MIB
/** Bytes of all unfinished bodies together: 64 of the largest. Above it the oldest is rejected. */
export const BODIES_BYTES = 4 * MIB
/** Bytes below which a chunk of a body counts as tiny, and tiny chunks per body: a browser sends one, at the end. */
export const BODY_CRUMB = 64
export const BODY_CRUMBS = 128
/** Fields of a form, and values in a JSON body: the largest has ten. */
export const BODY_FIELDS = 64
/** Milliseconds for answering a captcha. */
export const CAPTCHA_MS = 10 * MINUTE
/** Milliseconds after the start in which the local network can set the room up without the token, where it has a page. */
export const LOCAL_CLAIM_MS = 1 * HOUR
/** Requests for unknown links per hour, by all callers together. Valid links are not limited by it. */
export const BAD_LINKS_PER_HOUR = 600
/** Claims of one invite link per hour by members and blocked feeds: each reveals whether a feed is a member. */
export const IDLE_CLAIMS_PER_HOUR = 8
/** Invites for which these claims are counted; the oldest is evicted first. */
export const CLAIMED_KEPT = 1000
/** Milliseconds that a session is kept after its last request. */
export const SESSION_MS = 30 * MINUTE
/** Sessions kept in each group, newcomers and known; the oldest is evicted first. A session has some 300 bytes. */
export const SESSIONS = 2000
/** Captcha images cached; the oldest is evicted first and drawn again when requested. An image has up to 6 KB. */
export const CAPTCHA_IMAGES = 64
/** Captcha sounds being sent at the same time to onion visitors, and as many to all others. A sound has some 100 KB. */
export const CAPTCHA_SOUNDS = 8

// --- onion -----------------------------------------------------------------------------------------------------

/**
 * Ports of the onion address: the defaults of browsers, SSB clients and lookups by host, independent of local ports.
 */
export const ONION_PORTS = { web: 80, ssb: 8008, whois: 26_819 }

/** Bytes of a configuration file: one with all keys explained has 6 KiB. */
export const CONFIG_BYTES = 256 * KIB

// --- service ---------------------------------------------------------------------------------------------------

/**
 * Milliseconds between the watchdog's writes, which prove that the disk is writable; in between it only reads. A
 * write wears some 16 KiB of an SD card, and an idle relay should leave the card alone. Messages that come prove it sooner.
 */
export const PULSE_WRITE_MS = 2 * HOUR

/** Bounds in bytes for tor's queue, an eighth of the machine's memory: with less tor warns, more is not needed. */
export const TOR_QUEUE_BYTES = { least: 64 * MIB, most: 256 * MIB }

// --- certificates ----------------------------------------------------------------------------------------------

/** Milliseconds between checks of the certificate: file changed, renewal due, clock set. */
export const CERTIFICATE_LOOK_MS = 30 * SECOND
/** Part of a certificate's lifetime after which it is renewed: with ninety days, a month before the end. */
export const RENEW_AFTER = 2 / 3
/** Milliseconds for one answer of the certificate authority, and for fetching a certificate in total. */
export const ACME_ANSWER_MS = 30 * SECOND
export const ACME_FETCH_MS = 5 * MINUTE
/** Milliseconds until the next attempt after the authority was not reachable: first and longest; doubled each time. */
export const ACME_UNREACHED_MS = [30 * SECOND, 30 * MINUTE] as const
/** The same after it answered without a certificate: authorities allow five failures per hour. */
export const ACME_REFUSED_MS = [5 * MINUTE, 12 * HOUR] as const
/** Longest `Retry-After` of an authority that is obeyed, in milliseconds: rate limits are per week. */
export const ACME_AWAY_MS = 7 * DAY
/** A clock before this was never set: boards without a battery start in 1970. 2024-01-01, Unix ms. */
export const PLAUSIBLE_NOW = 1_704_067_200_000
/** Challenges of one certificate that are answered at once: there is one name, so one is requested. */
export const ACME_CHALLENGES = 8
/** Characters of a challenge's token and of its answer (RFC 8555, 8.3): real ones have some 40 and 90. */
export const ACME_CHALLENGE_CHARS = 512
/** Bytes of one answer of the authority: the longest, a chain, has some 8 KiB. In chunks of one byte it uses 15 MB. */
export const ACME_ANSWER_BYTES = 64 * KIB
/** Milliseconds for which wall clock and monotonic clock must agree before the wall clock is trusted. */
export const CLOCK_AGREES_MS = 1 * HOUR
/** Milliseconds between checks of that agreement, and of whether the network sets the clock. */
export const CLOCK_LOOK_MS = 1 * MINUTE
/** Milliseconds by which the clocks may differ between two checks: an adjusted clock gains or loses 30 ms. */
export const CLOCK_STEP_MS = 1 * SECOND
/** Bytes in a key or certificate file; a chain of four has some 8 KiB. */
export const PEM_BYTES = 256 * KIB

/** Log events, per feed if they name one, that are throttled separately; above it the oldest count starts again. */
export const LOG_KINDS = 1000

// --- control socket --------------------------------------------------------------------------------------------

/** Bytes of one request's line: the longest has a description of 1,000 characters, escaped. */
export const CONTROL_REQUEST_BYTES = 64 * KIB
/** Bytes of one answer's line: a list of 100,000 members has some 40 MiB. */
export const CONTROL_ANSWER_BYTES = 64 * MIB
/** Connections to the control socket at once; a command holds one while it runs. */
export const CONTROL_CONNECTIONS = 32
/** Requests in progress on one connection. */
export const CONTROL_REQUESTS = 16
/** Request lines handled in one turn of the event loop. */
export const CONTROL_LINES_TURN = 64
/** Milliseconds between heartbeats of a request in progress, by which its caller detects a relay that hangs. */
export const CONTROL_HEARTBEAT_MS = 5 * SECOND
/** Milliseconds between two progress reports of one request: often enough for a person. */
export const CONTROL_PROGRESS_MS = 200

/** Backups at once: each keeps LMDB from reusing pages, so that the database grows meanwhile. */
export const BACKUPS_AT_ONCE = 2
/** Bytes of rows after which a page of a backup is sent: some milliseconds of work in one turn of the event loop. */
export const BACKUP_PAGE_BYTES = 256 * KIB

// --- closing ---------------------------------------------------------------------------------------------------

/** Milliseconds for a clean close before the rest is cut off; systemd and the tests expect 5 s in total. */
export const CLOSE_MS = 4 * SECOND
