// SPDX-License-Identifier: AGPL-3.0-or-later
// German: the captcha page, and the invite it leads to.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const invite: Words['invite'] = {
  titleInvite: (room) => `Einladung zu ${room} holen`,
  titleKnock: (room) => `Bei ${room} anklopfen`,
  getInvite: 'Einladung holen',
  knock: 'Anklopfen',
  getMine: 'Meine Einladung holen',
  goOn: 'Weiter',
  wrong: html`<strong>Falsche Antwort.</strong> Bitte versuch es noch einmal.`,
  missing: html`<strong>Diese Seite ist abgelaufen.</strong> Sie wurde schon beantwortet oder ist zu alt, oder dein Browser
sperrt Cookies. Bitte versuch es noch einmal.`,
  invitesGone: (minutes) =>
    `Zurzeit sind alle Einladungen vergeben; die nächste gibt es in etwa ${count(minutes, 'Minute', 'Minuten')}.`,
  knocksGone: (minutes) =>
    `Zu viele Leute haben angeklopft; du kannst in etwa ${count(minutes, 'Minute', 'Minuten')} anklopfen.`,
  question: 'Welche Buchstaben schwimmen hier?',
  picture: 'Rätsel: fünf oder sechs verzerrte Buchstaben',
  letters: 'Die Buchstaben, die du siehst oder hörst',
  listen: 'Die Buchstaben anhören',
  openSound: 'Nur den Ton öffnen',
  orPicture: 'Oder: Welche Buchstaben schwimmen hier?',
  answer: 'Deine Antwort',
  another: 'Neues Rätsel',
  pressForCode: 'Drücke auf den Knopf und hol dir deine Einladung.',
  pressForKnock: 'Drücke auf den Knopf und stell dich dann vor.',
  worthKnock: (room) =>
    html`Danach stellst du dich vor, und jemand von <strong><bdi>${room}</bdi></strong> lässt dich herein.`,
  worthCode: (room, days) =>
    html`Mit dem Einladungscode kann eine Person <strong><bdi>${room}</bdi></strong> beitreten, einmal, innerhalb von ${count(days, 'Tag', 'Tagen')}.`,
  cannotSee:
    'Groß- und Kleinschreibung spielen keine Rolle. Wenn du die Buchstaben weder sehen noch hören kannst, bitte ein Mitglied um eine Einladung.',
  anyWay: 'Groß- und Kleinschreibung, Leerzeichen und Satzzeichen spielen keine Rolle.',
  here: 'Hier ist deine Einladung',
  next: 'Wie es weitergeht',
  copyNow: 'Kopiere den Code jetzt: Diese Seite zeigt ihn nur kurze Zeit.',
  paste: html`Such in deiner Scuttlebutt-App nach <em>Einladung einfügen</em> oder <em>Server beitreten</em> und füge den Code dort ein.`,
  within: (days, until) =>
    html`Benutze ihn innerhalb von ${count(days, 'Tag', 'Tagen')}, bis <time datetime="${until}">${until}</time>. Der Code gilt einmal.`,
  otherWays: 'Andere Wege, dieselbe Einladung zu benutzen',
  keep: 'Gib sie nicht weiter: Wer sie zuerst benutzt, tritt bei.',
}
