// SPDX-License-Identifier: AGPL-3.0-or-later
// German: the page of an alias.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const alias: Words['alias'] = {
  title: (name, room) => `${name} bei ${room}`,
  lead: (name, room) =>
    html`Hier verbindet sich deine App mit <strong>${name}</strong>, einem Mitglied von <bdi>${room}</bdi>.`,
  connect: 'Mit mir verbinden',
  connectHint:
    'Es passiert nichts? Dann öffnet keine App auf diesem Gerät solche Links: Nimm einen anderen Weg weiter unten.',
  online: html`<strong>Gerade online.</strong>`,
  offline: (name) =>
    html`<strong>Zurzeit offline.</strong> Deine App erreicht ${name}, wenn ihr beide verbunden seid. Versuche es später noch einmal.`,
  friends: (name) =>
    `Manche Apps nehmen nur Leute an, denen sie folgen. Wenn es nicht klappt, bitte ${name}, dir zu folgen.`,
  openRoom: 'Dieser Raum ist offen: Deine App kann sich ohne Einladung verbinden.',
  community:
    'Dieser Raum gehört einer Gemeinschaft: Du kannst dich mit diesem Mitglied verbinden, siehst aber nicht, wer sonst online ist.',
  install: 'Was du brauchst',
  noApp: (url) =>
    html`Du brauchst eine App, die Namen in Räumen unterstützt, zum Beispiel <a href="${url}" rel="noreferrer">Manyverse</a>. Installiere sie, öffne sie einmal und komm auf diese Seite zurück.`,
  ways: 'Alle Wege, sich zu verbinden',
  id: 'Feed-ID zu diesem Namen',
  idHint: 'Damit stellt deine App sicher, dass sie mit der richtigen Person spricht.',
}
