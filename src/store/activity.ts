// SPDX-License-Identifier: AGPL-3.0-or-later
// Activity: one row per day with the peak of attendants and the stored totals, for the dashboard's charts.

import { DAY, DAYS_KEPT } from '../lib/limits.js'
import type { DayRecord, Tables } from './layout.js'
import type { Writer } from './writer.js'

export interface Day extends DayRecord {
  /** Unix ms of the start of the day (UTC) */
  at: number
}

export interface Activity {
  /** Reports the number of attendants after each change. Kept in memory only, to save writes to the SD card. */
  here(count: number): void
  /** Stores today's totals and today's peak of attendants. */
  note(now: Omit<DayRecord, 'peak'>): Promise<void>
  /** The latest stored days up to today, oldest first. Today's peak is the current one. */
  last(days: number): Day[]
}

/** @param now Unix ms */
export function createActivity({ days }: Tables, writer: Writer, now: () => number): Activity {
  const keyOf = (day: number): Buffer => {
    const key = Buffer.alloc(4)
    key.writeUInt32BE(day)
    return key
  }
  let count = 0
  /** peak of each day whose final value is not stored yet, by day */
  const most = new Map<number, number>()

  /** Attendants who are connected when a day begins count for that day. */
  function mostOf(today: number): number {
    const peak = Math.max(count, most.get(today) ?? 0)
    most.set(today, peak)
    return peak
  }
  const dayNow = (): number => Math.floor(now() / DAY)

  return {
    here(next) {
      // first with the old count: a day that began since the last change began with it
      mostOf(dayNow())
      count = next
      mostOf(dayNow())
    },
    note: (record) =>
      writer.submit((afterFlush) => {
        const today = dayNow()
        mostOf(today)
        for (const [day, peak] of most) {
          const held = days.get(keyOf(day))
          const row = day === today ? record : held
          // a past day without a row was a wrong date, from before the clock was set
          if (row) days.putSync(keyOf(day), { ...row, peak: Math.max(peak, held?.peak ?? 0) })
        }
        dropOver(today)
        afterFlush(() => {
          for (const day of most.keys()) if (day !== today) most.delete(day)
        })
      }),
    last(limit) {
      mostOf(dayNow())
      // a reverse range starts at `start`
      return [...days.getRange({ reverse: true, start: keyOf(dayNow()), limit })]
        .map(({ key, value }) => {
          const day = key.readUInt32BE()
          return { at: day * DAY, ...value, peak: Math.max(value.peak, most.get(day) ?? 0) }
        })
        .reverse()
    },
  }

  /** Limits by number of rows, not by age: a wrong clock must not delete real days. */
  function dropOver(today: number): void {
    const keys = [...days.getKeys({})]
    // Rows in the future are of a wrong clock and go first. If most rows are in the future, the clock is behind now.
    const ahead = keys.filter((key) => key.readUInt32BE() > today).reverse()
    const isBehind = ahead.length * 2 > keys.length
    const over = Math.max(0, keys.length - DAYS_KEPT)
    for (const key of [...(isBehind ? [] : ahead), ...keys].slice(0, over)) days.removeSync(key)
  }
}
