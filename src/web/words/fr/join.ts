// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the page of an invite link, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const join: Words['join'] = {
  title: (room) => `Rejoindre ${room}`,
  lead: (room) =>
    html`Voici une invitation pour toi : <bdi>${room}</bdi> va te suivre, conserver ton feed et le transmettre à tes contacts pendant que tu es hors ligne.`,
  openApp: 'Ouvrir dans mon appli',
  openAppHint:
    'Rien ne se passe ? C’est qu’aucune appli de cet appareil n’ouvre ce genre de lien : essaie un autre moyen ci-dessous.',
  good: (uses, days, until) =>
    html`L’invitation est valable pour ${count(uses, 'personne', 'personnes')} et pendant ${count(days, 'jour', 'jours')}, jusqu’au <time datetime="${until}">${until}</time>.`,
  directed: 'Elle est réservée à un seul identifiant de feed.',
  withoutApp: 'Entrer avec ton identifiant de feed',
  withoutAppHow:
    'Si ton appli n’accepte ni liens ni codes, saisis ici ton identifiant de feed, puis connecte-la à l’adresse du relais.',
  id: 'Ton identifiant de feed',
  idHint: '@….ed25519 : il se trouve sur ton profil dans ton appli Scuttlebutt.',
  wrongId: {
    malformed:
      'Un identifiant de feed se compose d’un @, de 44 caractères et de .ed25519 : copie le tien depuis ton appli.',
    refused:
      'Cette invitation est destinée à un autre identifiant de feed. Vérifie que tu as bien saisi le tien, en entier.',
  },
  letMeIn: 'Rejoindre',
  keep: 'Ne partage pas l’invitation : la première personne qui l’utilise devient membre.',
  noApp: (url) =>
    html`Pas encore d’appli ? Choisis-en une sur <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>, puis reviens sur cette page.`,
  claimed: 'Cette invitation vient d’être utilisée',
  claimedHow: (room) =>
    html`Si c’est toi qui l’as utilisée, <bdi>${room}</bdi> te suit maintenant : retourne dans ton appli.`,
  joined: 'Te voilà membre',
  joinedHow: (room) =>
    html`<bdi>${room}</bdi> te suit maintenant. Connecte ton appli à cette adresse ; certaines applis le font d’elles-mêmes.`,
  ended: {
    'used up': {
      title: 'Cette invitation a déjà servi',
      hint: 'Elle a atteint son nombre maximal d’utilisations. Si c’est toi qui l’as utilisée, tu es membre : retourne dans ton appli.',
    },
    expired: { title: 'Cette invitation a expiré', hint: 'Elle n’a pas été utilisée à temps.' },
    revoked: {
      title: 'Cette invitation a été révoquée',
      hint: 'Le membre qui l’a créée, ou la modération, l’a révoquée.',
    },
  },
  another: 'Demandes-en une nouvelle à la personne qui te l’a envoyée.',
  getAnother: 'Voir les autres moyens d’entrer',
}
