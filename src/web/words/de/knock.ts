// SPDX-License-Identifier: AGPL-3.0-or-later
// German: knocking, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const knock: Words['knock'] = {
  who: 'Wer klopft an?',
  seeBelow: 'Bitte korrigiere die markierten Felder.',
  tooMany: (minutes) =>
    `Zu viele Leute haben angeklopft. Drücke den Knopf in etwa ${count(minutes, 'Minute', 'Minuten')} noch einmal.`,
  feed: 'Deine Feed-ID',
  feedHint: '@….ed25519: Du findest sie in deinem Profil in deiner Scuttlebutt-App.',
  feedMalformed: 'Eine Feed-ID besteht aus @, 44 Zeichen und .ed25519: Kopiere sie aus deiner App.',
  feedIsRelay: 'Das ist die ID des Relays. Deine findest du in deiner App.',
  note: 'Stell dich vor',
  noteHint: (most) =>
    `Wer kennt dich hier? Höchstens ${most} Zeichen; wenn du hereingelassen wirst, können es alle lesen.`,
  noteTooLong: (most, now) => `Höchstens ${most} Zeichen; du hast ${now} eingegeben.`,
  knock: 'Anklopfen',
  willRead: (room, days) =>
    html`Jemand von <strong><bdi>${room}</bdi></strong> wird es innerhalb von ${count(days, 'Tag', 'Tagen')} lesen.`,
  waiting: 'Du stehst auf der Warteliste',
  joined: 'Du bist beigetreten',
  member: 'Du bist schon Mitglied',
  waitingLead: (room, days) =>
    html`Jemand von <bdi>${room}</bdi> wird deine Anfrage lesen. Wenn in ${count(days, 'Tag', 'Tagen')} niemand antwortet, kannst du wieder anklopfen.`,
  joinedLead: (room) => html`Auf dich hat eine Einladung gewartet: <bdi>${room}</bdi> folgt dir jetzt.`,
  memberLead: (room) => html`<bdi>${room}</bdi> folgt diesem Feed schon: Du brauchst nicht anzuklopfen.`,
  yourFeed: 'Deine Feed-ID:',
  thenConnect: 'Wenn du hereingelassen wurdest',
  nowConnect: 'Jetzt verbinden',
  connect: 'Verbinde dich in deiner App mit dieser Adresse.',
  connectThen:
    'Verbinde dich in deiner App mit dieser Adresse. Das geht erst, wenn du hereingelassen wurdest; diese Seite sagt dir nicht, wann.',
}
