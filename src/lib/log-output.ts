// SPDX-License-Identifier: AGPL-3.0-or-later
// Where the log goes: stderr, written without waiting for its reader.

import { fstatSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { KIB } from './limits.js'
import type { LogOutput } from './log.js'
import { journalForm, jsonForm, type LogEntry, type LogForm, terminalForm } from './log-forms.js'

/** Bytes that may wait for a slow reader; further entries are dropped and counted. */
const WAITING_BYTES = 256 * KIB
/** Milliseconds between attempts while the reader is slow. */
const RETRY_MS = 50
/** Milliseconds that the end of the process waits for a slow reader. */
const LAST_MS = 200

/**
 * True if a file descriptor is the journal's: a child may inherit `JOURNAL_STREAM` while its output goes elsewhere.
 * @param stream the variable's value, `device:inode`
 */
export function isJournal(stream: string | undefined, fd = 2): boolean {
  if (!stream) return false
  try {
    const { dev, ino } = fstatSync(fd)
    return stream === `${dev}:${ino}`
  } catch {
    return false
  }
}

/** The form for a file descriptor's reader. @param inJournal whether that is the systemd journal */
export function formFor(inJournal: boolean, fd = 2): LogForm {
  if (inJournal) return journalForm
  return isatty(fd) ? terminalForm : jsonForm
}

/** Writes text to stderr; returns the bytes written, and throws EAGAIN if a pipe is full. */
export type WriteNow = (bytes: Buffer) => number

/** Calls back after so many milliseconds. */
export type Later = (callback: () => void, ms: number) => void

/** An output that holds nothing up. */
export interface BufferedOutput extends LogOutput {
  /** Writes what waits, for at most 200 ms; for the end of the process. */
  flush(): void
}

/**
 * Opens an output that never blocks. Entries that a full pipe does not take wait in memory; beyond 256 KiB they are
 * dropped. When the reader takes more, an entry `log entries dropped` has their count.
 */
export function openOutput(
  form: LogForm,
  write: WriteNow = writeStderr,
  later: Later = afterTime,
): BufferedOutput {
  let waiting: Buffer[] = []
  let bytes = 0
  let dropped = 0
  let isRetrying = false

  /** Writes waiting text; returns false if the reader is slow. */
  function drain(): boolean {
    while (waiting.length > 0) {
      const all = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting)
      const taken = attempt(all)
      bytes = all.length - taken
      waiting = bytes > 0 ? [all.subarray(taken)] : []
      if (taken === 0) return false
    }
    return true
  }

  function attempt(text: Buffer): number {
    try {
      return write(text)
    } catch (err) {
      // the reader is gone: drop the log and keep running
      return (err as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : text.length
    }
  }

  function retry(): void {
    isRetrying = true
    later(() => {
      isRetrying = false
      if (drain()) reportDropped()
      else retry()
    }, RETRY_MS)
  }

  function reportDropped(): void {
    if (dropped === 0) return
    const count = dropped
    dropped = 0
    add(form(droppedEntry(count)))
  }

  function add(text: string): void {
    const line = Buffer.from(text)
    if (bytes > 0 && bytes + line.length > WAITING_BYTES) {
      dropped += 1
      return
    }
    waiting.push(line)
    bytes += line.length
    if (!isRetrying && !drain()) retry()
  }

  return {
    write: add,
    flush() {
      const until = performance.now() + LAST_MS
      while (!drain() && performance.now() < until) pause(RETRY_MS / 5)
      reportDropped()
    },
  }
}

function droppedEntry(count: number): LogEntry {
  return { severity: 40, time: Date.now(), event: 'log entries dropped', fields: { count } }
}

/** Blocks the process for some milliseconds; used only at its end. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function writeStderr(bytes: Buffer): number {
  // libuv makes a pipe or socket non-blocking when the stream is opened, so that a full one throws EAGAIN
  void process.stderr
  return writeSync(2, bytes)
}

const afterTime: Later = (callback, ms) => {
  setTimeout(callback, ms).unref()
}
