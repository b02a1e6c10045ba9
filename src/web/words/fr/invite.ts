// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the captcha page, and the invite it leads to.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const invite: Words['invite'] = {
  titleInvite: (room) => `Obtenir une invitation pour ${room}`,
  titleKnock: (room) => `Frapper à la porte de ${room}`,
  getInvite: 'Obtenir une invitation',
  knock: 'Frapper à la porte',
  getMine: 'Obtenir mon invitation',
  goOn: 'Continuer',
  wrong: html`<strong>Mauvaise réponse.</strong> Essaie encore une fois.`,
  missing: html`<strong>Cette page a expiré.</strong> Elle a déjà reçu une réponse ou elle est trop ancienne, ou bien ton navigateur bloque les cookies. Essaie encore une fois.`,
  invitesGone: (minutes) =>
    `Il n’y a plus d’invitations pour l’instant ; la prochaine sera disponible dans environ ${count(minutes, 'minute', 'minutes')}.`,
  knocksGone: (minutes) =>
    `Trop de gens ont frappé à la porte ; tu pourras frapper dans environ ${count(minutes, 'minute', 'minutes')}.`,
  question: 'Quelles lettres nagent ici ?',
  picture: 'Énigme : cinq ou six lettres déformées',
  letters: 'Les lettres que tu vois ou entends',
  listen: 'Écouter les lettres',
  openSound: 'Ouvrir seulement le son',
  orPicture: 'Ou bien : quelles lettres nagent ici ?',
  answer: 'Ta réponse',
  another: 'Autre énigme',
  pressForCode: 'Appuie sur le bouton pour obtenir ton invitation.',
  pressForKnock: 'Appuie sur le bouton, puis présente-toi.',
  worthKnock: (room) =>
    html`Ensuite, tu te présentes, et une personne du salon <strong><bdi>${room}</bdi></strong> te fait entrer.`,
  worthCode: (room, days) =>
    html`Avec le code d’invitation, une personne peut rejoindre <strong><bdi>${room}</bdi></strong>, une seule fois, sous ${count(days, 'jour', 'jours')}.`,
  cannotSee:
    'Majuscules ou minuscules, peu importe. Si tu ne peux ni voir ni entendre les lettres, demande une invitation à un membre.',
  anyWay: 'Majuscules, espaces et ponctuation ne comptent pas.',
  here: 'Voici ton invitation',
  next: 'Et maintenant ?',
  copyNow: 'Copie le code tout de suite : cette page ne l’affiche que peu de temps.',
  paste: html`Dans ton appli Scuttlebutt, cherche <em>coller une invitation</em> ou <em>rejoindre un serveur</em>, et colles-y le code.`,
  within: (days, until) =>
    html`Utilise-le sous ${count(days, 'jour', 'jours')}, jusqu’au <time datetime="${until}">${until}</time>. Le code ne sert qu’une fois.`,
  otherWays: 'Autres moyens d’utiliser cette invitation',
  keep: 'Ne la partage pas : la première personne qui l’utilise devient membre.',
}
