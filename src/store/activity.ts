// Activity: one small row a day, of who was there and what is kept, for the dashboard's charts.

import { DAY, DAYS_KEPT } from '../limits.js'
import type { DayRecord, Tables } from './layout.js'
import type { Writer } from './writer.js'

export interface Day extends DayRecord {
  /** Unix ms of its first moment (UTC) */
  at: number
}

export interface Activity {
  /** Notes how things are now; of a day's peak the highest stays. */
  note(now: DayRecord): Promise<void>
  /** The last days of which something is known, oldest first. */
  last(days: number): Day[]
}

/** @param now Unix ms */
export function createActivity({ days }: Tables, writer: Writer, now: () => number): Activity {
  const keyOf = (day: number): Buffer => {
    const key = Buffer.alloc(4)
    key.writeUInt32BE(day)
    return key
  }
  return {
    note: (record) =>
      writer.submit(() => {
        const today = Math.floor(now() / DAY)
        const held = days.get(keyOf(today))
        days.putSync(keyOf(today), { ...record, peak: Math.max(record.peak, held?.peak ?? 0) })
        const oldest = keyOf(Math.max(0, today - DAYS_KEPT + 1))
        for (const key of [...days.getKeys({ end: oldest })]) days.removeSync(key)
      }),
    last: (count) =>
      [...days.getRange({ reverse: true, limit: count })]
        .map(({ key, value }) => ({ at: key.readUInt32BE() * DAY, ...value }))
        .reverse(),
  }
}
