// Every limit: name, unit, reason. What an operator may want to change is a config key instead.

import { DAY, HOUR, KIB, MIB, MINUTE, SECOND } from './units.js'

export * from './service-limits.js'
export * from './units.js'

// --- connections -----------------------------------------------------------------------------------------------

/** Milliseconds a caller has to finish the secret handshake; a slow onion circuit needs some seconds. */
export const HANDSHAKE_TIMEOUT_MS = 15 * SECOND
/** Sockets that may be in the handshake at once: each costs memory before we know who calls. */
export const HANDSHAKES_AT_ONCE = 256
/** Sockets in all; a board's file descriptors and some 10 KB of memory each. */
export const CONNECTIONS_AT_ONCE = 2000
/** The same for those who come through the onion, counted apart: a crowd there takes no place from anybody else. */
export const ONION_CONNECTIONS_AT_ONCE = 1000
/** Connections of one identity at once: a client that reconnects may hold two for a while, never dozens. */
export const CONNECTIONS_PER_PEER = 4
/** Connections of one invite's guest key at once: a code with many uses serves many people at the same time. */
export const CONNECTIONS_PER_GUEST = 64
/** Milliseconds a guest's connection is left open after `invite.use` was answered. */
export const GUEST_LINGER_MS = 5 * SECOND
/** Milliseconds a guest may stay without using its invite. */
export const GUEST_IDLE_MS = 60 * SECOND
/** Milliseconds without a byte after which a connection is taken for dead. */
export const IDLE_MS = 10 * MINUTE

// --- muxrpc ----------------------------------------------------------------------------------------------------

/**
 * Bytes in one incoming muxrpc frame, by who sends it: a half-sent frame is held in memory. A message is at most 8 KiB,
 * a tunnel's frames are what its ends write at once; a guest only ever sends one small request.
 */
export const FRAME_BYTES = { guest: 16 * KIB, stranger: 128 * KIB, followed: 1 * MIB }
/**
 * Requests and streams one connection may have open, by who has them, besides the tunnels that one peer may have: a guest
 * uses its invite, a room client keeps a ping and a few lists, a legacy client asks one history per feed it follows.
 */
export const CALLS_PER_CONNECTION = { guest: 8, stranger: 32, followed: 2048 }
/** Streams that all callers together may have open, at some 2 KB each. */
export const CALLS_AT_ONCE = 10_000
/**
 * Bytes of one JSON or text body: a message of 8,192 UTF-16 units is at most 48 KiB when all of it is escaped. Parsed JSON
 * costs more than its bytes (64 KiB of empty arrays are 1 MB), so it is bounded more tightly than bytes are.
 */
export const JSON_BYTES = 64 * KIB
/** Bytes of memory that unfinished bodies of all connections together may hold. */
export const GATHERED_BYTES = 8 * MIB
/** Bytes that may wait for the sockets of all connections together. */
export const QUEUED_BYTES = 24 * MIB
/** Bytes of served messages waiting for one connection's socket before its streams pause. */
export const OUTGOING_BYTES = 128 * KIB
/** Bytes of received messages of one stream waiting for their check or the disk before its socket is no longer read. */
export const INCOMING_BYTES = 512 * KIB
/** Bytes that a received value is counted as where the wire has parsed it and does not say: a message of usual size. */
export const INCOMING_VALUE_BYTES = 1 * KIB

/**
 * Milliseconds after the first caller has told what it holds of our own feed, following a restore, in which others may
 * tell more: long enough for the apps that reconnect when a relay comes back.
 */
export const RECOVERY_MS = 10 * MINUTE

// --- messages and feeds ----------------------------------------------------------------------------------------

/** UTF-16 units of a message's signed JSON: the classic format's own limit. */
export const MESSAGE_CHARS = 8192
/** The highest sequence number kept: five bytes in the key. No feed comes near it. */
export const SEQUENCE_MAX = 2 ** 40 - 1
/**
 * Bytes of a chunk, in which messages in a row are packed: four pages of 4 KiB less what LMDB writes before them, and on
 * machines with pages of 16 KiB one.
 */
export const CHUNK_BYTES = 16 * KIB - 24
/**
 * Single messages and chunks deleted, or single messages packed, in one write: a few milliseconds of a server's core,
 * some 20 of a board's, and at most 1 MiB read.
 */
export const DELETE_STEP_ROWS = 256
export const DELETE_STEP_CHUNKS = 64
export const REPACK_STEP_ROWS = 256
/** Milliseconds between two log entries that say how far long work is. */
export const PROGRESS_MS = 10 * SECOND
/** Messages, or records, looked at by `doctor` in one turn of the event loop: some 2 ms of a server's core. */
export const VERIFY_TURN_MESSAGES = 256
/** Problems that `doctor` tells one by one: a damaged store may have as many as messages. */
export const VERIFY_PROBLEMS = 100
/** Messages of our own feed folded, or members compared, in one turn while the member index is rebuilt. */
export const REBUILD_TURN = 256
/** Wrong rows set right in one write: dropping one walks through names and sign-ins. */
export const REBUILD_WRITES = 32
/** Feeds of which it is remembered that something was refused. */
export const REFUSALS_KEPT = 1000
/** Ranges of missing messages remembered per feed; a feed with more holes is served as it is stored. */
export const GAPS_PER_FEED = 256
/** Connections on which one missing range is asked for before we take it as lost. */
export const GAP_ASKS = 3
/** Milliseconds a live stream waits at a hole behind a message that has only just come in: its filler may be next. */
export const GAP_SETTLE_MS = 1 * SECOND
/** Milliseconds of grace for a client that never asks for its own feed, before we ask for it (SPIP-02). */
export const CLIENT_FIRST_MS = 2 * SECOND
/** Refused messages after which we stop listening to a stream. */
export const BAD_MESSAGES_PER_STREAM = 32
/**
 * Milliseconds of one turn of the event loop in which received messages are checked, of all streams together: a check is
 * some 0.1 ms of a server's core and 0.3 ms of a board's, and everybody else waits meanwhile.
 */
export const VERIFY_TURN_MS = 4
/** Messages checked on the event loop before its clock is looked at: some 1 ms of a board. */
export const VERIFY_STEP = 4
/** Messages whose signatures the thread is given at a time: one hand-over for all of them. */
export const VERIFY_BATCH = 32
/** Bytes of one such batch: each message is in it in the form that is signed and in the one that is hashed. */
export const VERIFY_BATCH_BYTES = 64 * KIB
/** Such batches that the thread has at once: it is never idle while the event loop does something else. */
export const VERIFY_IN_FLIGHT = 4
/** Messages left over after a turn for which the thread is started: it costs 0.1 s to start and some 9 MB. */
export const VERIFY_THREAD_BACKLOG = 64
/** Milliseconds without work after which the thread ends. */
export const VERIFY_THREAD_IDLE_MS = 10 * SECOND
/** Messages of one stream stored in one write: some 2 ms of a server's core, 10 of a board's. */
export const APPEND_MESSAGES = 256
/**
 * Bytes of verified messages of one stream that wait for more before they are stored, while more are being checked, and
 * the milliseconds they wait at most: few large writes wear a card less than many small ones.
 */
export const APPEND_BYTES = 128 * KIB
export const APPEND_GATHER_MS = 25
/** Messages read from the store at a time for one history stream: bounds what a slow reader holds in memory. */
export const HISTORY_CHUNK = 64
/**
 * Messages read out in one turn of the event loop, to all readers together, before other work has its turn: a reader that
 * keeps up, or many streams at once, would hold everything else up for a whole feed. It is a
 * millisecond of a server's core and some ten of a board's.
 */
export const HISTORY_TURN = 4 * HISTORY_CHUNK
/**
 * Live streams of one feed on one connection: an app needs one, and each is a read of the store at every message. Some
 * open another before they let the old one go.
 */
export const HISTORY_LIVE_STREAMS = 4
/** Bytes of one piece of a client's vector clock (EBT): one that names some 17,000 feeds. */
export const EBT_CLOCK_BYTES = 1 * MIB
/** Feeds named in one piece of our own clock, and feeds of a client's clock looked at in one turn: each is a read of the store. */
export const EBT_NOTES = 128
/** Refused feeds of which an EBT session remembers that they were asked for, at four bytes each: they may become members. */
export const EBT_WISHES = 4096
/** Listeners told in one turn of the event loop that a feed has grown: each may read the store, and all members may listen. */
export const FEED_LISTENERS_TURN = 64
/** Milliseconds a write may wait for company before its batch is committed: one flush serves all. */
export const BATCH_MS = 4
/** Writes in one batch: bounds how long a commit takes on an SD card. */
export const BATCH_WRITES = 512
/**
 * Milliseconds of work after which a batch is committed with what it has: nothing else runs meanwhile, and 512 writes
 * that each read much would take many seconds. A flush costs a card tens of milliseconds, so little is lost to more of them.
 */
export const BATCH_WORK_MS = 200

// --- members and invites ---------------------------------------------------------------------------------------

/** Feeds a member may have vouched for at one time (co-optation). */
export const VOUCHED_PER_MEMBER = 16
/** Uses of one invite code. */
export const INVITE_USES = 10_000
/** Characters in an invite's note. */
export const NOTE_CHARS = 200
/** Days a used-up, expired or revoked invite is remembered, so that its holder is told what happened to it. */
export const DEAD_INVITE_DAYS = 30
/** Invites remembered at once, dead ones included. */
export const INVITES_KEPT = 10_000
/** Live invites of one member: nobody needs more at a time, and the table is everyone's. */
export const INVITES_PER_MEMBER = 100
/** Invites a member may ask for in a day, in vain or not: each is a write, and a party has fewer guests. */
export const INVITES_PER_DAY = 200
/**
 * Feeds that may come in on one day by the invites of one maker, but for the web's and those for one feed: a meetup has fewer guests, and
 * one code with INVITE_USES uses would make thousands of members in seconds.
 */
export const JOINS_PER_DAY = 500
/** Live invites for one feed: more than any one member has (INVITES_PER_MEMBER), or they could keep out everybody else's. */
export const DIRECTED_PER_FEED = 256
/** Dead invites remembered of one member; the oldest make room, so that nobody's comings and goings displace others'. */
export const DEAD_INVITES_PER_MEMBER = 100
/** Days an invite may be good for, whoever makes it. */
export const INVITE_DAYS = 3650
/** And the least: a minute. */
export const INVITE_LEAST_DAYS = 1 / 1440
export const INVITE_RANGE = `a number of days from 1/1440 (a minute) to ${INVITE_DAYS}`
/** Changes a member may make to what it vouches for in a day: each is a message in the relay's feed for ever. */
export const VOUCHES_PER_DAY = 64
/** Wrong tries of `invite.use` on one connection: each tells whether somebody is a member. */
export const GUEST_TRIES = 8

/** Knocks waiting at once: each is a person's minute of a moderator's time. */
export const KNOCKS_KEPT = 1000
/** Names one member may hold. */
export const ALIASES_PER_MEMBER = 8

/** Characters in the room's name and its description: a phone's page shows both. */
export const NAME_CHARS = 64
export const DESCRIPTION_CHARS = 1000

/** Milliseconds between two writes of when a member was last seen, or a browser last used: a card wears out. */
export const SEEN_STEP_MS = 1 * HOUR

// --- moderation and sign-in ------------------------------------------------------------------------------------

/** Entries in each of the audit log's two rings. An entry is some 200 bytes. */
export const AUDIT_KEPT = 5000
/** Entries that make room in a full ring at a time: choosing them is a walk through all of it. */
export const AUDIT_STEP = 250
/** Entries of both rings together: the most there are to tell. */
export const AUDIT_TOLD = 2 * AUDIT_KEPT
/** Days of which activity is remembered. */
export const DAYS_KEPT = 90
/** Notices of a room, and characters in one's title and text: each is a page that a phone shows. */
export const NOTICES_KEPT = 16
export const NOTICE_TITLE_CHARS = 80
export const NOTICE_TEXT_CHARS = 8000
/** Milliseconds after its last use in which a signed-in browser stays so. */
export const SIGN_IN_MS = 30 * DAY
/** Browsers one member may be signed in with; the one not used for longest is signed out. */
export const SIGN_INS_PER_MEMBER = 16
/** Characters kept of a browser's name. */
export const AGENT_CHARS = 40
/** Milliseconds in which a one-time login link can be used: a person passes it on by hand. */
export const LINK_MS = 1 * HOUR
/** Milliseconds in which a sign-in that a browser has begun can be finished. */
export const CHALLENGE_MS = 10 * MINUTE
/** Solved or failed challenges a member has standing; more are not heard. One is some 300 bytes. */
export const SOLVED_PER_MEMBER = 8
/**
 * Milliseconds an app has to sign when the relay asks it, through the onion too; and those a refused sign-in takes, as an
 * app that is away, one that says no and one that says nothing look the same.
 */
export const SOLUTION_MS = 6 * SECOND
/**
 * Pictures of sign-in requests drawn in an hour, through the onion and otherwise each, at some 50 ms of a board: whoever
 * gets none can still open the request or paste it. And pictures kept: without scripts the page comes again every 5 s.
 */
export const SIGN_IN_PICTURES_PER_HOUR = 300
export const SIGN_IN_PICTURES = 64
/**
 * Pictures of names, and of invites, drawn in an hour, through the onion and otherwise each, as those of sign-ins are; what
 * they show stands beside them. And pictures kept, of some 2 KB: one member has 24, by eight names in three forms.
 */
export const PICTURES_PER_HOUR = 300
export const PICTURES_KEPT = 256
/**
 * Sign-ins begun by apps that may wait at once, through the onion and otherwise each: a request that is held costs some
 * 10 KB, and anybody can have it held.
 */
export const SIGN_INS_WAITING = 512
/** The same of one member, whose app is then working on them. */
export const SOLUTIONS_AT_ONCE = 4
/**
 * Sign-ins that one member's app is asked about in an hour in vain, whoever asks: each makes that app work. And as many
 * successful ones: each is a write, and a person makes a few a day.
 */
export const SOLUTIONS_PER_HOUR = 60

// --- room ------------------------------------------------------------------------------------------------------

/** Milliseconds that changes of presence gather before they are told: a hundred arrivals are one list, not a hundred. */
export const PRESENCE_MS = 250
/** Changes of presence remembered; a subscriber that falls further behind is told the whole state anew. */
export const PRESENCE_LOG = 1024
/**
 * Milliseconds between whole lists grow so that all subscribers together are sent no more than this, in bytes a second:
 * a list goes to everybody and names everybody, so a thousand people make one of it 56 MB.
 */
export const LISTS_BYTES_PER_S = 4 * MIB
/** Streams of one kind that tell one connection who is here: an app needs one. */
export const PRESENCE_STREAMS = 4
/** Members' ids in one piece of `room.members`: some 16 KiB. */
export const MEMBERS_PAGE = 256
/** Bytes of one tunnel, each way, that may wait for its end to read them; then the other end is read no further. */
export const TUNNEL_WAITING_BYTES = 128 * KIB
/**
 * Milliseconds a tunnel whose end does not read may keep us from reading the other end, before it is cut: muxrpc knows no
 * way to hold one stream alone, so all else that end sends waits with it.
 */
export const TUNNEL_STALL_MS = 5 * SECOND
/** Milliseconds in which the first bytes must pass through a tunnel: its ends shake hands at once. */
export const TUNNEL_BEGIN_MS = 30 * SECOND
/** Milliseconds without a byte either way after which a tunnel is ended: apps ask each other oftener if they are there. */
export const TUNNEL_IDLE_MS = 15 * MINUTE
/** Tunnels from one identity to one other at once: apps open one, and a second while the first is dying. */
export const TUNNELS_PER_PAIR = 4
/** Milliseconds between tunnel targets being asked whether they are there, and how long they may take to say so. */
export const ALIVE_ASK_MS = 60 * SECOND
export const ALIVE_ANSWER_MS = 30 * SECOND
