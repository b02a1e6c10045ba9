// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the page of an invite link, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const join: Words['join'] = {
  title: (room) => `Rejoindre ${room}`,
  lead: (room) =>
    html`Tu as reçu une invitation : <bdi>${room}</bdi> va te suivre, garder ton feed et le transmettre à tes amis pendant que tu es hors ligne.`,
  openApp: 'Ouvrir dans mon appli',
  openAppHint:
    'Rien ne se passe ? Alors aucune appli de cet appareil n’ouvre ces liens : choisis une autre façon ci-dessous.',
  good: (uses, days, until) =>
    html`L’invitation est valable pour ${count(uses, 'personne', 'personnes')} et ${count(days, 'jour', 'jours')}, jusqu’au <time datetime="${until}">${until}</time>.`,
  directed: 'Elle est réservée à un seul identifiant de feed.',
  withoutApp: 'Rejoindre avec ton identifiant de feed',
  withoutAppHow:
    'Si ton appli ne prend ni liens ni codes, écris ici ton identifiant de feed, puis connecte-toi au relais par son adresse.',
  id: 'Ton identifiant de feed',
  idHint: '@….ed25519 : il est sur ton profil dans ton appli Scuttlebutt.',
  wrongId: {
    malformed:
      'Un identifiant de feed, c’est un @, 44 caractères et .ed25519 : copie le tien depuis ton appli.',
    refused:
      'Cette invitation est pour un autre identifiant de feed. Vérifie que tu as écrit le tien, en entier.',
  },
  letMeIn: 'Rejoindre',
  keep: 'Ne partage pas l’invitation : la première personne qui l’utilise entre.',
  noApp: (url) =>
    html`Pas encore d’appli ? Trouves-en une sur <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>, puis reviens sur cette page.`,
  claimed: 'Cette invitation vient d’être utilisée',
  claimedHow: (room) =>
    html`Si c’était toi, <bdi>${room}</bdi> te suit maintenant : retourne dans ton appli.`,
  joined: 'Tu es maintenant membre',
  joinedHow: (room) =>
    html`<bdi>${room}</bdi> te suit maintenant. Dans ton appli, connecte-toi à cette adresse ; certaines applis le font toutes seules.`,
  ended: {
    'used up': {
      title: 'Cette invitation est épuisée',
      hint: 'Elle a servi autant de fois que prévu. Si tu l’as utilisée, tu es membre : retourne dans ton appli.',
    },
    expired: { title: 'Cette invitation a expiré', hint: 'Elle n’a pas été utilisée à temps.' },
    revoked: {
      title: 'Cette invitation a été annulée',
      hint: 'Le membre qui l’a créée, ou la modération, l’a annulée.',
    },
  },
  another: 'Demande une nouvelle invitation à la personne qui te l’a envoyée.',
  getAnother: 'Voir d’autres façons d’entrer',
}
