// German: knocking, and what becomes of it.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const knock: Words['knock'] = {
  who: 'Wer klopft an?',
  seeBelow: 'Bitte sieh nach, was unten markiert ist.',
  tooMany: (minutes) =>
    `Zu viele haben zuletzt angeklopft. Drücke den Knopf in etwa ${count(minutes, 'Minute', 'Minuten')} noch einmal.`,
  feed: 'Deine Feed-ID',
  feedHint: '@….ed25519: In deiner Scuttlebutt-App steht sie in deinem eigenen Profil.',
  feedMalformed: 'Eine Feed-ID besteht aus @, 44 Zeichen und .ed25519: Kopiere sie ganz aus deiner App.',
  feedIsRelay: 'Das ist die ID des Relays; deine steht in deiner App.',
  note: 'Ein Wort über dich',
  noteHint: (most) =>
    `Wen kennst du hier? Höchstens ${most} Zeichen. Wenn du hereingelassen wirst, können es alle lesen.`,
  noteTooLong: (most, now) => `Höchstens ${most} Zeichen; das sind ${now}.`,
  knock: 'Anklopfen',
  willRead: (room, days) =>
    html`Jemand von <strong><bdi>${room}</bdi></strong> wird es lesen. Ein Klopfen wartet ${count(days, 'Tag', 'Tage')}.`,
  waiting: 'Du stehst auf der Warteliste',
  joined: 'Du bist drin',
  member: 'Du bist schon drin',
  waitingLead: (room, days) =>
    html`Jemand von <bdi>${room}</bdi> wird dein Klopfen hören. Wenn innerhalb von ${count(days, 'Tag', 'Tagen')} niemand öffnet, ist es verhallt, und du darfst wieder anklopfen.`,
  joinedLead: (room) => html`Auf dich hat eine Einladung gewartet: <bdi>${room}</bdi> folgt dir jetzt.`,
  memberLead: (room) => html`<bdi>${room}</bdi> folgt diesem Feed schon, du brauchst nicht anzuklopfen.`,
  yourFeed: 'Deine Feed-ID:',
  thenConnect: 'Dann, und nicht vorher',
  nowConnect: 'Jetzt verbinden',
  connect: 'Verbinde dich in deiner App mit dieser Adresse.',
  connectThen:
    'Verbinde dich in deiner App mit dieser Adresse: Sie geht, sobald du hereingelassen bist. Das erfährst du von deiner App, nicht von dieser Seite.',
}
