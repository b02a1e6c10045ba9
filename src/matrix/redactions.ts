// SPDX-License-Identifier: AGPL-3.0-or-later
// Redactions: remove the content of an event.

import type { MatrixStore } from '../store/matrix.js'
import { type Pdu, type RoomEvent, toKnown } from './event.js'
import { domainOf, isEventId } from './ids.js'
import { powerLevelsOf } from './power-levels.js'
import type { RoomData, RoomView } from './room-data.js'
import { redact } from './room-version.js'

/** Strips the event that a redaction names, if its sender may do that; else the redaction stays without effect. */
export function redactNow(store: MatrixStore, data: RoomData, view: RoomView, redaction: RoomEvent): void {
  const named = view.version.newRedactions ? redaction.content.redacts : redaction.pdu.redacts
  if (!isEventId(named)) return
  const { n } = view.record
  const target = data.event(view.id, n, named)
  const record = store.event(n, named)
  if (!target || !record || target.event.type === 'm.room.create') return
  const levels = powerLevelsOf(
    view.state('m.room.create', ''),
    view.state('m.room.power_levels', ''),
    view.version,
  )
  const own = domainOf(target.event.sender) === domainOf(redaction.sender)
  if (!own && levels.of(redaction.sender) < levels.action('redact')) return
  const { pdu: _, ...note } = record
  data.redactEventNow(n, toKnown(redact(target.event.pdu, view.version) as Pdu, named, view.id), note)
}
