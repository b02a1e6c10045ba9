// Activity: one small row a day, of who was there and what is kept, for the dashboard's charts.

import { DAY, DAYS_KEPT } from '../lib/limits.js'
import type { DayRecord, Tables } from './layout.js'
import type { Writer } from './writer.js'

export interface Day extends DayRecord {
  /** Unix ms of its first moment (UTC) */
  at: number
}

export interface Activity {
  /** Tells how many are here, whenever that changes. In memory: a card must not wear out by comings and goings. */
  here(count: number): void
  /** Notes how things are now, and the most who were here at once today. */
  note(now: Omit<DayRecord, 'peak'>): Promise<void>
  /** The last days until today of which something is noted, oldest first; today's peak is as it is now. */
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
  /** the most at once on each day of which the last has not been noted, by day */
  const most = new Map<number, number>()

  /** Whoever is here when a day begins is here on that day. */
  function mostOf(today: number): number {
    const peak = Math.max(count, most.get(today) ?? 0)
    most.set(today, peak)
    return peak
  }
  const dayNow = (): number => Math.floor(now() / DAY)

  return {
    here(next) {
      // in this order: a day that has begun unnoticed began with those who were here until now
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
          // of a day without a row nothing was known: it was the wrong one, before the clock was set
          if (row) days.putSync(keyOf(day), { ...row, peak: Math.max(peak, held?.peak ?? 0) })
        }
        dropOver(today)
        afterFlush(() => {
          for (const day of most.keys()) if (day !== today) most.delete(day)
        })
      }),
    last(limit) {
      mostOf(dayNow())
      // a range in reverse begins with its start
      return [...days.getRange({ reverse: true, start: keyOf(dayNow()), limit })]
        .map(({ key, value }) => {
          const day = key.readUInt32BE()
          return { at: day * DAY, ...value, peak: Math.max(value.peak, most.get(day) ?? 0) }
        })
        .reverse()
    },
  }

  /** Counted and not reckoned by date: a clock that is wrong for an hour must not cost the days there were. */
  function dropOver(today: number): void {
    const keys = [...days.getKeys({})]
    // First what lies ahead, of a clock that once was. Where most does, it is now that is wrong: a clock that is behind.
    const ahead = keys.filter((key) => key.readUInt32BE() > today).reverse()
    const isBehind = ahead.length * 2 > keys.length
    const over = Math.max(0, keys.length - DAYS_KEPT)
    for (const key of [...(isBehind ? [] : ahead), ...keys].slice(0, over)) days.removeSync(key)
  }
}
