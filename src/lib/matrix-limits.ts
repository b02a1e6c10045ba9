// SPDX-License-Identifier: AGPL-3.0-or-later
// Every limit of the lobby on Matrix: name, unit, reason. The others are in `limits.ts`.

import { DAY, HOUR, KIB, MIB, MINUTE, SECOND } from './limits.js'

/** Bytes of one event's JSON, and of its ids, type and state key: the specification's own limits. */
export const MATRIX_EVENT_BYTES = 65_536
export const MATRIX_ID_BYTES = 255
/** Events an event may name as previous, and as authorising: the specification's own limits. */
export const MATRIX_PREV_EVENTS = 20
export const MATRIX_AUTH_EVENTS = 10
/** Levels of JSON inside each other: no event needs ten, and each level costs stack. */
export const MATRIX_JSON_DEPTH = 64
/** Values of one request or answer: the state of a room with 7,000 members. Empty objects take 25 times their text. */
export const MATRIX_JSON_VALUES = 300_000
/** Values of one request to us, a tenth of what 50 PDUs could have; and of all requests that are being worked on. */
export const MATRIX_REQUEST_VALUES = 100_000
export const MATRIX_VALUES_AT_ONCE = 300_000
/** PDUs and EDUs of one transaction: the specification's own limits. */
export const MATRIX_PDUS = 50
export const MATRIX_EDUS = 100
/** Bytes of a request: 50 PDUs of the full size would be 3.2 MiB. */
export const MATRIX_BODY_BYTES = 4 * MIB
/** Bytes of all requests together whose signature is not checked yet: strangers may send them. */
export const MATRIX_BODIES_BYTES = 4 * MATRIX_BODY_BYTES
/** Bytes of an answer that we read: the state of a room with some thousand members is a few MiB. */
export const MATRIX_ANSWER_BYTES = 16 * MIB
/** The same for small answers: keys, directory entries, `.well-known`. */
export const MATRIX_SMALL_ANSWER_BYTES = 64 * KIB
/** Milliseconds one request to another server may take; building the state of a large room takes it long. */
export const MATRIX_REQUEST_MS = 20 * SECOND
export const MATRIX_SEND_JOIN_MS = 1 * MINUTE
/** Milliseconds joining a room may take, all candidates together: a client waits for the answer. */
export const MATRIX_JOIN_MS = 2 * MINUTE
/** Requests of one server in a burst, and those it earns in a second; and the same of all servers together. */
export const MATRIX_REQUESTS_PER_SERVER = { burst: 200, perSecond: 20 }
export const MATRIX_REQUESTS = { burst: 1000, perSecond: 100 }
/** PDUs of one server in a burst, and those it earns in a second: each is some milliseconds of a board. */
export const MATRIX_PDUS_PER_SERVER = { burst: 1000, perSecond: 50 }
/** Joins, knocks and leaves of one server in a burst, and those it earns in an hour: each is an event kept. */
export const MATRIX_MEMBERSHIPS_PER_SERVER = { burst: 60, perSecond: 120 / 3600 }
/** Servers whose rates are counted at once; the least recently seen one is evicted. */
export const MATRIX_SERVERS_COUNTED = 1000
/** Answers to transactions remembered: a server repeats its latest one where our answer did not arrive. */
export const MATRIX_TRANSACTIONS = 100
/** Milliseconds by which our own key is valid ahead; others ask for it again at half of that. */
export const MATRIX_KEY_VALID_MS = 7 * DAY
/** Servers whose keys are kept; the least recently asked one is evicted. And keys of one server. */
export const MATRIX_KEYS_KEPT = 1000
export const MATRIX_KEYS_PER_SERVER = 16
/** Milliseconds before a server is asked again for a key it did not have. */
export const MATRIX_KEY_RETRY_MS = 1 * MINUTE
/** Server names whose address is remembered, and for how long at least and at most, in milliseconds. */
export const MATRIX_NAMES_KEPT = 500
export const MATRIX_NAME_MS = { least: 5 * MINUTE, usual: 24 * HOUR, most: 48 * HOUR, failed: 10 * MINUTE }
/** Redirects followed for `.well-known`. */
export const MATRIX_REDIRECTS = 5
/** Milliseconds until a server that could not be reached is tried again; doubled each time, up to the second. */
export const MATRIX_BACKOFF_MS = [2 * SECOND, HOUR] as const
/** Events queued for one server; the oldest are dropped, as the server fetches missing events. And for all servers together. */
export const MATRIX_QUEUE = 500
export const MATRIX_QUEUED = 50_000
/** Sockets to one server at once, and kept open for the next request. */
export const MATRIX_SOCKETS = 4
/** Requests on their way to other servers at once. */
export const MATRIX_REQUESTS_OUT = 32
/** Events fetched to fill one gap: more than that is jumped over with the state that the other server tells. */
export const MATRIX_GAP_EVENTS = 100
export const MATRIX_GAP_ROUNDS = 5
/** Events of a state that are fetched one by one; where more are missing, the state is asked for as a whole. */
export const MATRIX_STATE_FETCHES = 50
/** Events of a state and auth chain that we take, as in joining a room. */
export const MATRIX_STATE_EVENTS = 20_000
/** Events answered at once to `backfill` and `get_missing_events`. */
export const MATRIX_BACKFILL = 100
/** Ends of the event graph that are remembered; each event of ours merges as many as it may name. */
export const MATRIX_ENDS = 100
/** Bytes of events, and changes of state, kept in memory for the next look at them. */
export const MATRIX_EVENT_CACHE_BYTES = 1 * MIB
export const MATRIX_STATE_CACHE = 4
/** Milliseconds without an event after which these are forgotten. */
export const MATRIX_CACHE_MS = 1 * MINUTE
/** Changes of state after which one is written whole: bounds how many rows a state is read from. */
export const MATRIX_STATE_CHAIN = 24
/** Users joined to one room, and rooms at once. */
export const MATRIX_MEMBERS = 5000
export const MATRIX_ROOMS = 200
/** Messages shown, and characters said at once. */
export const MATRIX_SHOWN = 100
export const MATRIX_SAY_CHARS = 4000
/** Characters shown of a remote display name. */
export const MATRIX_NAME_CHARS = 64
/** Guests remembered, so that each is welcomed once; the oldest are evicted. */
export const MATRIX_GUESTS = 5000
/** Welcomes in an hour: a flood of joins must not become a flood of ours. And commands answered to one person. */
export const MATRIX_WELCOMES_PER_HOUR = 60
export const MATRIX_COMMANDS_PER_HOUR = 20
/** Milliseconds after a join at which its user is welcomed. */
export const MATRIX_WELCOME_MS = 2 * SECOND
/** Invites of the relay one Matrix user is given in a day. */
export const MATRIX_INVITES_PER_DAY = 3
/** Invites from other servers that wait for a moderator. */
export const MATRIX_INVITES_KEPT = 50
/** Events removed in one write when old ones are pruned: each is a page or two of the database in memory until the write ends. */
export const MATRIX_PRUNED = 100
/** Events stored in a room after which its oldest messages are removed: a flood must not grow the database until the sweep. */
export const MATRIX_TRIM = 500
/** State events stored in a room after which it is pruned as a whole, which reads all of it. */
export const MATRIX_STATE_PRUNE = 2000
/** Milliseconds after its arrival at which a request for what is private or absent is answered, for both alike. */
export const MATRIX_ABSENT_MS = 60
