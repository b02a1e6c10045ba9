// German: the page of a name.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const alias: Words['alias'] = {
  title: (name, room) => `${name} bei ${room}`,
  lead: (name, room) =>
    html`<strong>${name}</strong> ist hier zu treffen, bei <bdi>${room}</bdi>, von App zu App.`,
  connect: 'Verbinde dich mit mir',
  connectHint:
    'Es passiert nichts? Dann kennt keine App auf diesem Gerät solche Links. Weiter unten gibt es andere Wege.',
  online: html`<strong>Gerade da.</strong>`,
  offline: (name) =>
    html`<strong>Im Augenblick nicht da:</strong> Deine App erreicht ${name}, sobald ihr beide verbunden seid. Versuche es später noch einmal.`,
  friends: (name) =>
    `Manche Apps lassen nur Leute herein, denen sie folgen. Wenn es nicht klappt, bitte ${name} auf anderem Weg, dir zu folgen.`,
  openRoom: 'Der Raum ist offen: Deine App darf ohne Einladung hereinkommen.',
  community:
    'Der Raum gehört einer Gemeinschaft: Du musst kein Mitglied sein, um dich zu verbinden, siehst aber nicht, wer sonst noch da ist.',
  install: 'Was du brauchst',
  noApp: (url) =>
    html`Eine App, die Namen in Räumen kennt, zum Beispiel <a href="${url}" rel="noreferrer">Manyverse</a>. Installiere sie, öffne sie einmal und komm auf diese Seite zurück.`,
  ways: 'Alle Wege, sich zu verbinden',
  id: 'Feed-ID zu diesem Namen',
  idHint: 'Daran erkennt deine App sicher, mit wem sie spricht.',
}
