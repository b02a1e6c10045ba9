// SPDX-License-Identifier: AGPL-3.0-or-later
// German: the pages for the local network.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const local: Words['local'] = {
  noToken: (minutes) => `Noch ${count(minutes, 'Minute', 'Minuten')} lang braucht diese Seite kein Token.`,
  noTokenHow:
    'Du bist im selben Netz wie das Relay. Bis die Zeit um ist, kann jedes Gerät in diesem Netz den Raum einrichten, einmal. Mach es also jetzt.',
  needsToken: 'Diese Seite braucht das Token.',
  tokenWhere: html`Es ist das Ende des Einrichtungslinks. Der Link steht auf dem Bildschirm des Boards und in der Datei
<code>tidepool.txt</code> auf der Boot-Partition seiner Karte, die jeder Computer lesen kann.`,
  tokenHint: 'Der letzte Teil des Einrichtungslinks, hinter token=.',
  restart: 'Oder starte das Board neu: Dann braucht diese Seite eine Stunde lang kein Token.',
  adminHint:
    '@….ed25519, aus deiner Scuttlebutt-App: Damit wirst du das erste Mitglied und Admin. Ohne sie kann niemand die Verwaltung öffnen, und nachtragen kannst du sie nur mit Tastatur oder SSH.',
  onlyHere: 'Bisher erreicht nur dieses Netz den Raum.',
  onlyHereHow: 'Die Startseite hier zeigt eine Adresse für alle, sobald es eine gibt.',
  inviteLater: 'Einladungen machst du in der Verwaltung.',
  lead: 'Diese Seite ist für das Netz des Relays. Aus anderen Netzen benutze eine Adresse von unten.',
  boardAt: (address) => html`Dieses Board hat in diesem Netz die Adresse <code>${address}</code>.`,
  addresses: 'Adressen für alle',
  noAddress: 'Der Raum hat noch keine Adresse, die aus anderen Netzen funktioniert.',
  waiting:
    'Die Onion-Adresse erscheint hier, wenn Tor sie veröffentlicht hat. Das dauert einige Minuten; lade dann diese Seite neu.',
  getAddress: html`Setze <code>onion.enabled</code> oder <code>domain.name</code> in der Konfiguration, um eine zu bekommen.`,
  onion: {
    title: 'Onion-Adresse',
    how: 'Öffnet sich im Tor-Browser. Sie funktioniert von überall.',
    qr: 'Die Onion-Adresse als QR-Code',
  },
  https: {
    title: 'Öffentliche Domain',
    how: 'Öffnet sich in jedem Browser.',
    qr: 'Die Adresse unter der Domain als QR-Code',
  },
  health: 'Wie es ihm geht',
  signIn: 'In diesem Netz kannst du dich hier anmelden, wenn deine App mit dem Relay verbunden ist.',
}
