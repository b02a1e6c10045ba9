// Activity: one small row a day, of who was there and what is kept, for the dashboard's charts.

import { DAY, DAYS_KEPT } from '../limits.js'
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
  /** The last days of which something is noted, oldest first; today's peak is as it is now. */
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
  let most = { day: 0, peak: 0 }

  /** Whoever is here when a day begins is here on that day. */
  function mostOf(today: number): number {
    most = { day: today, peak: Math.max(count, most.day === today ? most.peak : 0) }
    return most.peak
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
      writer.submit(() => {
        const today = dayNow()
        const held = days.get(keyOf(today))
        days.putSync(keyOf(today), { ...record, peak: Math.max(mostOf(today), held?.peak ?? 0) })
        const oldest = keyOf(Math.max(0, today - DAYS_KEPT + 1))
        for (const key of [...days.getKeys({ end: oldest })]) days.removeSync(key)
      }),
    last: (limit) =>
      [...days.getRange({ reverse: true, limit })]
        .map(({ key, value }) => {
          const day = key.readUInt32BE()
          const peak = day === dayNow() ? Math.max(value.peak, mostOf(day)) : value.peak
          return { at: day * DAY, ...value, peak }
        })
        .reverse(),
  }
}
