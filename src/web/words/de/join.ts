// German: an invite by its link, and what became of it.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const join: Words['join'] = {
  title: (room) => `Bei ${room} mitmachen`,
  lead: (room) =>
    html`Du bist eingeladen: <bdi>${room}</bdi> wird dir folgen, deinen Feed aufbewahren und ihn deinen Freunden geben, während du weg bist.`,
  openApp: 'In meiner App öffnen',
  openAppHint:
    'Es passiert nichts? Dann kennt keine App auf diesem Gerät solche Links. Weiter unten gibt es andere Wege.',
  good: (uses, days, until) =>
    html`Die Einladung gilt für ${count(uses, 'Person', 'Personen')}, auf welchem Weg auch immer, und für ${count(days, 'Tag', 'Tage')}, bis <time datetime="${until}">${until}</time>.`,
  directed: 'Sie wurde für eine einzige Person gemacht und gilt für niemanden sonst.',
  withoutApp: 'Mit deiner Feed-ID',
  withoutAppHow:
    'Deine App kennt weder Links noch Codes? Sag, wer du bist, und verbinde dich dann über seine Adresse mit dem Relay.',
  id: 'Deine Feed-ID',
  idHint: '@….ed25519: In deiner Scuttlebutt-App steht sie in deinem eigenen Profil.',
  wrongId: {
    malformed:
      'Eine Feed-ID besteht aus @, 44 Zeichen und .ed25519, und sie ist deine: Kopiere sie ganz aus deiner App.',
    refused: 'Diese Einladung ist nicht für diese Feed-ID. Ist es deine, und ist sie ganz?',
  },
  letMeIn: 'Lass mich herein',
  keep: 'Behalte die Einladung für dich: Wer sie zuerst benutzt, kommt herein.',
  noApp: (url) =>
    html`Noch keine App? Auf <a href="${url}" rel="noreferrer">scuttlebutt.nz</a> findest du eine; komm dann auf diese Seite zurück.`,
  claimed: 'Die Einladung wurde eingelöst',
  claimedHow: (room) =>
    html`Gerade ist jemand mit dieser Einladung hereingekommen. Wenn du das warst, folgt dir <bdi>${room}</bdi> jetzt: Geh zurück in deine App.`,
  joined: 'Du bist drin',
  joinedHow: (room) =>
    html`<bdi>${room}</bdi> folgt dir jetzt. Verbinde dich in deiner App mit dieser Adresse; manche tun das von selbst.`,
  dead: {
    'used up': {
      title: 'Diese Einladung ist verbraucht',
      hint: 'So viele, wie sie gelten sollte, sind mit ihr hereingekommen. Wenn du dabei warst, bist du drin: Geh zurück in deine App.',
    },
    expired: {
      title: 'Diese Einladung ist abgelaufen',
      hint: 'Sie wurde nicht rechtzeitig benutzt.',
    },
    revoked: {
      title: 'Diese Einladung wurde zurückgenommen',
      hint: 'Wer sie gemacht hat oder wer hier moderiert, hat sie widerrufen.',
    },
  },
  another: 'Bitte die Person, von der du sie hast, um eine neue.',
  getAnother: 'Sehen, wie man sonst hereinkommt',
}
