// SPDX-License-Identifier: AGPL-3.0-or-later
// All limits: name, unit, reason. Values that an operator may want to change are config keys instead.

import { DAY, HOUR, KIB, MIB, MINUTE, SECOND } from './units.js'

export * from './service-limits.js'
export * from './units.js'

// --- connections -----------------------------------------------------------------------------------------------

/** Milliseconds for a caller to finish the secret handshake; a slow onion circuit needs some seconds. */
export const HANDSHAKE_TIMEOUT_MS = 15 * SECOND
/** Sockets in the handshake at once: each uses memory before the caller is known. */
export const HANDSHAKES_AT_ONCE = 256
/** Sockets in total, limited by a board's file descriptors and some 10 KB of memory each. */
export const CONNECTIONS_AT_ONCE = 2000
/** The same for onion callers, counted separately, so that a flood there takes no slots from others. */
export const ONION_CONNECTIONS_AT_ONCE = 1000
/** WebSockets of one listener, counted apart from its TCP sockets: each may hold an unfinished message. */
export const WEBSOCKETS_AT_ONCE = 512
/** Bytes of one WebSocket message. Clients send boxes of 4 KiB, each as a message. */
export const WEBSOCKET_MESSAGE_BYTES = 32 * KIB
/** Fragments, and pieces as the network delivers them, of one WebSocket message: each costs some 200 bytes. */
export const WEBSOCKET_PARTS = 256
/** Milliseconds for a client to answer the closing of its WebSocket. */
export const WEBSOCKET_CLOSE_MS = 5 * SECOND
/** Connections of one identity at once: a client that reconnects may have two for a while, never dozens. */
export const CONNECTIONS_PER_PEER = 4
/** Connections of one invite's guest key at once: a code with many uses serves many people at once. */
export const CONNECTIONS_PER_GUEST = 64
/** Milliseconds that a guest's connection stays open after `invite.use` was answered. */
export const GUEST_LINGER_MS = 5 * SECOND
/** Milliseconds that a guest may stay connected without using its invite. */
export const GUEST_IDLE_MS = 60 * SECOND
/** Milliseconds without a byte after which a connection counts as dead. */
export const IDLE_MS = 10 * MINUTE

// --- muxrpc ----------------------------------------------------------------------------------------------------

/**
 * Bytes in one incoming muxrpc frame, by class of caller: a half-sent frame is held in memory. A message has at most
 * 8 KiB, a tunnel's frames have what its ends write at once, and a guest sends one small request.
 */
export const FRAME_BYTES = { guest: 16 * KIB, stranger: 128 * KIB, followed: 1 * MIB }
/**
 * Requests and streams open on one connection, by class of caller, in addition to tunnels: a guest uses its invite, a
 * room client keeps a ping and a few lists, a legacy client requests one history per feed it follows.
 */
export const CALLS_PER_CONNECTION = { guest: 8, stranger: 32, followed: 2048 }
/** Streams open for all callers together, at some 2 KB each. */
export const CALLS_AT_ONCE = 10_000
/**
 * Bytes of one JSON or text body: a message of 8,192 UTF-16 units has at most 48 KiB if all of it is escaped. Parsed
 * JSON uses more memory than its bytes (64 KiB of empty arrays: 1 MB), so its limit is lower than for binary bodies.
 */
export const JSON_BYTES = 64 * KIB
/** Bytes of memory for unfinished bodies of all connections together. */
export const GATHERED_BYTES = 8 * MIB
/** Bytes queued for the sockets of all connections together. */
export const QUEUED_BYTES = 24 * MIB
/** Bytes of served messages queued for one connection's socket before its streams pause. */
export const OUTGOING_BYTES = 128 * KIB
/** Bytes of received messages of one stream queued for verification or the disk before its socket is no longer read. */
export const INCOMING_BYTES = 512 * KIB
/** Bytes counted for a received value of unknown size: that of an average message. */
export const INCOMING_VALUE_BYTES = 1 * KIB

/**
 * Milliseconds after a restore, from the first caller that reported its copy of our feed, in which others can report
 * a longer one: enough for apps to reconnect to a relay that is back.
 */
export const RECOVERY_MS = 10 * MINUTE

// --- messages and feeds ----------------------------------------------------------------------------------------

/** UTF-16 units of a message's signed JSON: the limit of the classic format. */
export const MESSAGE_CHARS = 8192
/** Highest sequence number stored: five bytes in the key. No feed comes near it. */
export const SEQUENCE_MAX = 2 ** 40 - 1
/** Bytes of a chunk of consecutive messages: four pages of 4 KiB minus LMDB's header, or one page of 16 KiB. */
export const CHUNK_BYTES = 16 * KIB - 24
/**
 * Single messages and chunks deleted, or single messages packed, in one write: a few milliseconds on a server, some
 * 20 on a board, and at most 1 MiB read.
 */
export const DELETE_STEP_ROWS = 256
export const DELETE_STEP_CHUNKS = 64
export const REPACK_STEP_ROWS = 256
/** Milliseconds between two log entries about the progress of long work. */
export const PROGRESS_MS = 10 * SECOND
/** Messages or records that `doctor` checks in one turn of the event loop: some 2 ms on a server. */
export const VERIFY_TURN_MESSAGES = 256
/** Problems that `doctor` lists: a damaged store may have as many as messages. */
export const VERIFY_PROBLEMS = 100
/** Messages of our feed folded, or members compared, in one turn while the member index is rebuilt. */
export const REBUILD_TURN = 256
/** Wrong rows corrected in one write: removing a member's row scans aliases and sign-ins. */
export const REBUILD_WRITES = 32
/** Feeds for which rejections are remembered. */
export const REFUSALS_KEPT = 1000
/** Ranges of missing messages remembered per feed; further gaps are not requested. */
export const GAPS_PER_FEED = 256
/** Connections on which one missing range is requested before it counts as lost. */
export const GAP_ASKS = 3
/**
 * Messages requested beyond the end of a missing range, more at each attempt: ssb-db2 orders a history by timestamp, so
 * among messages of one millisecond a limit can cut off the very one that is missing.
 */
export const GAP_EXTRA: readonly [number, number, number] = [32, 512, 8192]
/** Milliseconds that a live stream waits at a gap before a new message: the missing ones may follow at once. */
export const GAP_SETTLE_MS = 1 * SECOND
/** Milliseconds for a client to ask for its own feed before we ask for it (SPIP-02). */
export const CLIENT_FIRST_MS = 2 * SECOND
/** The same while EBT is on: a client that replicates by EBT opens its session first, and some circuits of Tor are slow. */
export const EBT_FIRST_MS = 10 * SECOND
/** Rejected messages after which a stream is no longer read. */
export const BAD_MESSAGES_PER_STREAM = 32
/**
 * Milliseconds of one turn of the event loop for verifying received messages, of all streams together. A message
 * takes some 0.1 ms on a server and 0.3 ms on a board, and all other work waits meanwhile.
 */
export const VERIFY_TURN_MS = 4
/** Messages verified on the event loop between two looks at the time: some 1 ms on a board. */
export const VERIFY_STEP = 4
/** Messages handed to the verifier thread at a time, to share the cost of the hand-over. */
export const VERIFY_BATCH = 32
/** Bytes of one such batch: it contains each message in the signed and in the hashed form. */
export const VERIFY_BATCH_BYTES = 64 * KIB
/** Batches in the thread at once, so that it is not idle while the event loop does other work. */
export const VERIFY_IN_FLIGHT = 4
/** Messages left after a turn for which the thread is started: starting takes 0.1 s and some 9 MB. */
export const VERIFY_THREAD_BACKLOG = 64
/** Milliseconds without work after which the thread ends. */
export const VERIFY_THREAD_IDLE_MS = 10 * SECOND
/** Messages of one stream stored in one write: some 2 ms on a server, 10 ms on a board. */
export const APPEND_MESSAGES = 256
/**
 * Bytes of verified messages of one stream that wait for more while others are being verified, and the longest wait
 * in milliseconds: few large writes wear an SD card less than many small ones.
 */
export const APPEND_BYTES = 128 * KIB
export const APPEND_GATHER_MS = 25
/** Messages read from the store at a time for one history stream: bounds the memory for a slow reader. */
export const HISTORY_CHUNK = 64
/**
 * Messages read in one turn of the event loop for all readers together: a millisecond on a server, some ten on a
 * board. Without it a fast reader, or many streams at once, would delay other work for a whole feed.
 */
export const HISTORY_TURN = 4 * HISTORY_CHUNK
/**
 * Live streams of one feed on one connection: an app needs one, and each reads the store at every message. Some apps
 * open the next before they close the old one.
 */
export const HISTORY_LIVE_STREAMS = 4
/** Bytes of one piece of a client's vector clock (EBT): some 17,000 feeds. */
export const EBT_CLOCK_BYTES = 1 * MIB
/** Feeds in one piece of our clock, and feeds of a client's clock handled in one turn: each is a read of the store. */
export const EBT_NOTES = 128
/** Rejected feeds that an EBT session remembers, at eight bytes each: they may become members later. */
export const EBT_WISHES = 4096
/**
 * Listeners called in one turn of the event loop when a feed grows: each may read the store, and all members may
 * listen.
 */
export const FEED_LISTENERS_TURN = 64
/** Milliseconds that a write may wait for others before its batch is committed: one flush serves all. */
export const BATCH_MS = 4
/** Writes in one batch: bounds the time of a commit on an SD card. */
export const BATCH_WRITES = 512
/**
 * Milliseconds of work after which a batch is committed early: nothing else runs meanwhile, and 512 writes with many
 * reads each would take many seconds. A flush takes tens of milliseconds on an SD card, so extra flushes cost little.
 */
export const BATCH_WORK_MS = 200

// --- members and invites ---------------------------------------------------------------------------------------

/** Feeds that a member may vouch for at one time (co-optation). */
export const VOUCHED_PER_MEMBER = 16
/** Other relays that feeds are kept with: each may keep a stream open for every feed of both. */
export const PEERS = 4
/** Feeds that one other relay can have kept here, and that are offered to it: the streams of both fit a connection. */
export const PEER_FEEDS = 1000
/** Milliseconds for another relay to answer a call: a new circuit of tor to an onion is slow. */
export const PEER_CALL_MS = 1 * MINUTE
/** Milliseconds without a connection to another relay after which the status warns: boards are switched off at times. */
export const PEER_LOST_MS = 1 * DAY
/** Changes a day of a member's choice whether other relays keep the feed: each is published by all of them. */
export const SHARE_CHANGES_PER_DAY = 16
/** `follow` calls of another relay per day that change something, as each adds a message to the relay's feed. */
export const PEER_VOUCHES_PER_DAY = 2000
/** Uses of one invite code. */
export const INVITE_USES = 10_000
/** Characters in an invite's note. */
export const NOTE_CHARS = 200
/** Days that a used-up, expired or revoked invite is kept, so that its holder gets the reason. */
export const DEAD_INVITE_DAYS = 30
/** Invites stored at once, dead ones included. */
export const INVITES_KEPT = 10_000
/** Live invites of one member. All members share the table. */
export const INVITES_PER_MEMBER = 100
/** Invite requests of one member per day, rejected ones included: each is a write. */
export const INVITES_PER_DAY = 200
/**
 * Feeds that may join per day with one maker's invites, except captcha and directed invites. A meetup has fewer
 * guests, and one code with INVITE_USES uses could create thousands of members in seconds.
 */
export const JOINS_PER_DAY = 500
/**
 * Live invites for one feed: more than one member may have (INVITES_PER_MEMBER), so that one member cannot block the
 * others.
 */
export const DIRECTED_PER_FEED = 256
/** Dead invites kept of one member; the oldest are removed, so that one member never evicts those of others. */
export const DEAD_INVITES_PER_MEMBER = 100
/** Maximum days until an invite expires. */
export const INVITE_DAYS = 3650
/** Minimum days until an invite expires: a minute. */
export const INVITE_LEAST_DAYS = 1 / 1440
export const INVITE_RANGE = `a number of days from 1/1440 (a minute) to ${INVITE_DAYS}`
/** `follow` calls of one member per day: each adds a message to the relay's feed, which is never deleted. */
export const VOUCHES_PER_DAY = 64
/** Failed `invite.use` calls on one connection: each reveals whether a feed is a member. */
export const GUEST_TRIES = 8

/** Waiting knocks in total: each takes a minute of a moderator's time. */
export const KNOCKS_KEPT = 1000
/** Aliases of one member. */
export const ALIASES_PER_MEMBER = 8

/** Characters in the room's name and its description, which a phone's page shows together. */
export const NAME_CHARS = 64
export const DESCRIPTION_CHARS = 1000
/** Characters kept of the name and of the description in a member's own `about` messages. */
export const PROFILE_NAME_CHARS = 64
export const PROFILE_DESCRIPTION_CHARS = 500
/** Characters of a search that are compared: a feed id has 53. */
export const SEARCH_CHARS = 100

/** Milliseconds between two writes of a member's last connection, or a sign-in's last use: writes wear an SD card. */
export const SEEN_STEP_MS = 1 * HOUR

// --- moderation and sign-in ------------------------------------------------------------------------------------

/** Entries in each of the audit log's two rings. An entry has some 200 bytes. */
export const AUDIT_KEPT = 5000
/** Entries evicted at a time from a full ring: choosing them reads all of it. */
export const AUDIT_STEP = 250
/** Entries of both rings together. */
export const AUDIT_TOLD = 2 * AUDIT_KEPT
/** Days of activity kept. */
export const DAYS_KEPT = 90
/** Notices of a room, and characters in the title and text of one, which is a page on a phone. */
export const NOTICES_KEPT = 16
export const NOTICE_TITLE_CHARS = 80
export const NOTICE_TEXT_CHARS = 8000
/** Languages of one notice, as many as a question can have: a room's members rarely speak more. */
export const NOTICE_LANGUAGES = 16
/** Visitors, by the address they come from, who are remembered as served by the web's invites for a day. */
export const SERVED_KEPT = 4096
/** Wrong answers to the question for newcomers per hour, all together: its answer is the same for everybody. */
export const QUESTION_TRIES = 60
/** Characters of a question for newcomers, which a phone shows above the field, and languages it can be in. */
export const QUESTION_CHARS = 300
export const QUESTION_LANGUAGES = 16
/** Answers accepted to a question, all compared at each try, and UTF-16 units of one. */
export const QUESTION_ANSWERS = 20
export const ANSWER_CHARS = 64
/** Milliseconds after its last use for which a sign-in is valid. */
export const SIGN_IN_MS = 30 * DAY
/** Signed-in browsers of one member; the least recently used is signed out. */
export const SIGN_INS_PER_MEMBER = 16
/** Characters stored of a browser's name. */
export const AGENT_CHARS = 40
/** Milliseconds that a one-time login link is valid: a person passes it on by hand. */
export const LINK_MS = 1 * HOUR
/** Milliseconds to finish a sign-in that a browser has begun. */
export const CHALLENGE_MS = 10 * MINUTE
/** Solved or failed challenges kept per member; further ones are ignored. One has some 300 bytes. */
export const SOLVED_PER_MEMBER = 8
/**
 * Milliseconds for an app to sign a challenge, through the onion too. A rejected sign-in takes as long, so that an
 * absent app, a refusal and no answer look the same.
 */
export const SOLUTION_MS = 6 * SECOND
/**
 * Pictures of sign-in requests drawn per hour, separately for the onion, at some 50 ms each on a board. Without a
 * picture one can still open the request or paste it. And pictures cached: without scripts the page reloads every 5
 * s.
 */
export const SIGN_IN_PICTURES_PER_HOUR = 300
export const SIGN_IN_PICTURES = 64
/**
 * Pictures of aliases and of invites drawn per hour, separately for the onion; the page shows their content as text,
 * too. And pictures cached, of some 2 KB: one member has 24, for eight aliases in three formats.
 */
export const PICTURES_PER_HOUR = 300
export const PICTURES_KEPT = 256
/**
 * Sign-ins begun by apps that may wait at once, separately for the onion: a waiting request uses some 10 KB, and
 * anybody can open one.
 */
export const SIGN_INS_WAITING = 512
/** The same for one member, whose app works on them. */
export const SOLUTIONS_AT_ONCE = 4
/**
 * Failed sign-ins per hour for which one member's app is asked, by all callers together: each makes the app work. The
 * same limit applies to successful ones: each is a write, and a person makes a few a day.
 */
export const SOLUTIONS_PER_HOUR = 60

// --- room ------------------------------------------------------------------------------------------------------

/** Milliseconds for which presence changes are collected: a hundred arrivals are sent as one list. */
export const PRESENCE_MS = 250
/** Presence changes kept; a subscriber that is further behind gets the complete state again. */
export const PRESENCE_LOG = 1024
/**
 * Bytes per second of complete presence lists to all subscribers together; the interval between lists grows to stay
 * below. A list goes to all and names all: with a thousand people one list is 56 MB in total.
 */
export const LISTS_BYTES_PER_S = 4 * MIB
/** Presence streams of one kind on one connection: an app needs one. */
export const PRESENCE_STREAMS = 4
/** Member ids in one piece of `room.members`: some 16 KiB. */
export const MEMBERS_PAGE = 256
/** Bytes of one tunnel, each way, queued for one end; above it the other end is not read. */
export const TUNNEL_WAITING_BYTES = 128 * KIB
/**
 * Milliseconds that a tunnel end which does not read may keep us from reading the other end, before the tunnel is
 * closed: muxrpc cannot pause one stream, so everything else from that end waits, too.
 */
export const TUNNEL_STALL_MS = 5 * SECOND
/** Milliseconds for the first bytes of a tunnel: its ends start a handshake at once. */
export const TUNNEL_BEGIN_MS = 30 * SECOND
/** Milliseconds without a byte either way after which a tunnel is closed: apps send keep-alives more often. */
export const TUNNEL_IDLE_MS = 15 * MINUTE
/** Tunnels between one pair of identities at once: apps open one, and a second while the first is ending. */
export const TUNNELS_PER_PAIR = 4
/** Milliseconds between pings of tunnel targets, and for their answers. */
export const ALIVE_ASK_MS = 60 * SECOND
export const ALIVE_ANSWER_MS = 30 * SECOND
