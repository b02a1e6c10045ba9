// German: the riddle, and the code it leads to.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const invite: Words['invite'] = {
  titleInvite: (room) => `Einladung zu ${room} holen`,
  titleKnock: (room) => `Bei ${room} anklopfen`,
  getInvite: 'Einladung holen',
  knock: 'Anklopfen',
  getMine: 'Meine Einladung holen',
  goOn: 'Weiter',
  wrong: html`<strong>Das war es nicht.</strong> Hier ist ein neues.`,
  missing: html`<strong>Auf diese Antwort hat kein Rätsel gewartet.</strong> Es war schon beantwortet oder hat zu lange
gewartet, oder dein Browser behält keine Cookies. Hier ist ein neues.`,
  invitesGone: (minutes) =>
    `Im Augenblick sind alle Einladungen vergeben; die nächste gibt es in etwa ${count(minutes, 'Minute', 'Minuten')}.`,
  knocksGone: (minutes) =>
    `Zu viele haben zuletzt angeklopft; das nächste Mal geht es in etwa ${count(minutes, 'Minute', 'Minuten')}.`,
  question: 'Welche vier Buchstaben schwimmen hier?',
  picture: 'Vier verzerrte Buchstaben: das Rätsel',
  letters: 'Die Buchstaben, die du siehst',
  another: 'Neues Rätsel',
  pressForCode: 'Einmal drücken, und der Code gehört dir.',
  pressForKnock: 'Einmal drücken, und dann sag, wer du bist.',
  worthKnock: (room) =>
    html`Nach dem Rätsel sagst du, wer du bist, und jemand von <strong><bdi>${room}</bdi></strong> lässt dich herein.`,
  worthCode: (room, days) =>
    html`Mit dem Code kommt eine Person zu <strong><bdi>${room}</bdi></strong>. Er gilt einmal, innerhalb von ${count(days, 'Tag', 'Tagen')}.`,
  cannotSee:
    'Groß- und Kleinschreibung sind gleich. Wenn du das Bild nicht sehen kannst, bitte jemanden, der schon hier ist, um eine Einladung.',
  here: 'Hier ist deine Einladung',
  next: 'Wie es weitergeht',
  copyNow: 'Kopiere den Code jetzt: Diese Seite zeigt ihn nicht lange.',
  paste: html`Such in deiner Scuttlebutt-App nach <em>Einladung einfügen</em> oder <em>Server beitreten</em> und füge ihn dort ein.`,
  within: (days, until) =>
    html`Tu das innerhalb von ${count(days, 'Tag', 'Tagen')}, bis <time datetime="${until}">${until}</time>. Der Code gilt einmal.`,
  otherWays: 'Andere Wege mit derselben Einladung',
  keep: 'Behalte ihn für dich: Wer ihn zuerst benutzt, kommt herein.',
}
