// SPDX-License-Identifier: AGPL-3.0-or-later
// German: the page of an invite link, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const join: Words['join'] = {
  title: (room) => `${room} beitreten`,
  lead: (room) =>
    html`Du bist eingeladen: <bdi>${room}</bdi> wird dir folgen, deinen Feed speichern und ihn an deine Freunde weitergeben, während du offline bist.`,
  openApp: 'In meiner App öffnen',
  openAppHint:
    'Es passiert nichts? Dann öffnet keine App auf diesem Gerät solche Links: Nimm einen anderen Weg weiter unten.',
  good: (uses, days, until) =>
    html`Die Einladung gilt für ${count(uses, 'Person', 'Personen')} und ${count(days, 'Tag', 'Tage')}, bis <time datetime="${until}">${until}</time>.`,
  directed: 'Sie gilt nur für eine bestimmte Feed-ID.',
  withoutApp: 'Mit deiner Feed-ID beitreten',
  withoutAppHow:
    'Wenn deine App weder Links noch Codes annimmt, gib hier deine Feed-ID ein und verbinde dich dann über die Adresse mit dem Relay.',
  id: 'Deine Feed-ID',
  idHint: '@….ed25519: Du findest sie in deinem Profil in deiner Scuttlebutt-App.',
  wrongId: {
    malformed: 'Eine Feed-ID besteht aus @, 44 Zeichen und .ed25519: Kopiere deine eigene aus deiner App.',
    refused:
      'Diese Einladung ist für eine andere Feed-ID. Prüfe, ob du deine eigene vollständig eingegeben hast.',
  },
  letMeIn: 'Beitreten',
  keep: 'Gib die Einladung nicht weiter: Wer sie zuerst benutzt, tritt bei.',
  noApp: (url) =>
    html`Noch keine App? Auf <a href="${url}" rel="noreferrer">scuttlebutt.nz</a> findest du eine; komm dann auf diese Seite zurück.`,
  claimed: 'Diese Einladung wurde gerade benutzt',
  claimedHow: (room) => html`Wenn du das warst, folgt dir <bdi>${room}</bdi> jetzt: Geh zurück in deine App.`,
  joined: 'Du bist beigetreten',
  joinedHow: (room) =>
    html`<bdi>${room}</bdi> folgt dir jetzt. Verbinde dich in deiner App mit dieser Adresse; manche Apps tun das von selbst.`,
  ended: {
    'used up': {
      title: 'Diese Einladung ist verbraucht',
      hint: 'Diese Einladung wurde so oft benutzt, wie es erlaubt ist. Wenn du sie benutzt hast, bist du beigetreten: Geh zurück in deine App.',
    },
    expired: {
      title: 'Diese Einladung ist abgelaufen',
      hint: 'Sie wurde nicht rechtzeitig benutzt.',
    },
    revoked: {
      title: 'Diese Einladung wurde zurückgezogen',
      hint: 'Das Mitglied, das sie erstellt hat, oder die Moderation hat sie zurückgezogen.',
    },
  },
  another: 'Bitte die Person, von der du sie hast, um eine neue.',
  getAnother: 'Andere Wege zum Beitritt ansehen',
}
