// SPDX-License-Identifier: AGPL-3.0-or-later
// German: the relay's warnings, by code.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const warnings: Words['warnings'] = {
  recovering:
    'Das Relay wurde wiederhergestellt und holt noch Daten. Bis es fertig ist, kann niemand beitreten.',
  clock_unconfirmed:
    'Die Uhrzeit ist nicht bestätigt. Abgelaufenes wird nicht gelöscht, und neue Einladungen laufen nach Betriebszeit ab, nicht nach Datum.',
  store_high: (percent) =>
    html`Der Speicher ist zu ${percent} % voll. Bei 100 % werden neue Nachrichten abgelehnt (<code>store.max_bytes</code>).`,
  disk_low: (mib) =>
    `Auf dem Datenträger sind noch ${mib} MiB frei. Ohne Platz werden neue Nachrichten abgelehnt.`,
  descriptors_high: (open, limit) =>
    html`${open} von ${limit} Dateideskriptoren sind belegt: <code>LimitNOFILE</code> oder <code>ulimit -n</code> erhöhen.`,
  local_pages_closed: 'Es gibt keine Seiten für das lokale Netz.',
  proxy_misconfigured: 'Der Reverse-Proxy ist falsch eingestellt.',
  certificate_expired: 'Das Zertifikat ist abgelaufen.',
  certificate_not_yet_valid: 'Das Zertifikat ist nach dieser Uhr noch nicht gültig.',
  certificate_missing: 'Es gibt noch kein Zertifikat.',
  certificate_ends: (days) => `Das Zertifikat läuft in ${count(days, 'Tag', 'Tagen')} ab.`,
  https_problem: 'Es gibt ein Problem mit HTTPS.',
  onion_problem: (state) => html`Es gibt ein Problem mit der Onion-Adresse: <code>${state}</code>.`,
  backup_old: (days) =>
    html`Die letzte Sicherung ist ${count(days, 'Tag', 'Tage')} alt: Prüfe, ob ihr Timer läuft, oder führe <code>tidepool backup FILE</code> aus.`,
  relays_lost: (n: number) =>
    html`${count(n, 'anderes Relay ist', 'andere Relays sind')} seit einem Tag nicht verbunden oder nehmen keine Feeds an; neue Nachrichten sind dort nicht: siehe <code>tidepool peer list</code>.`,
  ebt_off: (members) =>
    html`Die Apps von ${count(members, 'Mitglied', 'Mitgliedern')} fragen nach EBT, das ausgeschaltet ist. Sie bekommen keine Feeds von diesem Relay; ein Admin kann EBT unter „Raum“ einschalten.`,
  web_invites_reached: (times) =>
    html`Das Limit der Einladungen pro Stunde wurde seit dem Start ${times}-mal erreicht. Wenn das zu viele Fremde sind, stelle unter „Raum“ eine Frage oder ändere den Modus; sonst erhöhe <code>invite.per_hour</code>.`,
  limit_reached: (limit, times) =>
    html`Limit in der letzten Stunde erreicht: <code>${limit}</code>, seit dem Start ${times}-mal.`,
}
