// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the captcha page, and the invite it leads to.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const invite: Words['invite'] = {
  titleInvite: (room) => `Recevoir une invitation à ${room}`,
  titleKnock: (room) => `Frapper à la porte de ${room}`,
  getInvite: 'Recevoir une invitation',
  knock: 'Frapper à la porte',
  getMine: 'Recevoir mon invitation',
  goOn: 'Continuer',
  wrong: html`<strong>Mauvaise réponse.</strong> Essaie encore une fois.`,
  missing: html`<strong>Cette page a expiré.</strong> On y a déjà répondu, ou elle est trop ancienne, ou ton navigateur bloque les cookies. Essaie encore une fois.`,
  invitesGone: (minutes) =>
    `Plus d’invitations pour l’instant ; la prochaine arrive dans ${count(minutes, 'minute', 'minutes')} environ.`,
  knocksGone: (minutes) =>
    `Trop de monde a frappé ; tu pourras frapper dans ${count(minutes, 'minute', 'minutes')} environ.`,
  question: 'Quelles sont les quatre lettres qui nagent ici ?',
  picture: 'Énigme : quatre lettres déformées',
  letters: 'Les lettres que tu vois',
  orPicture: 'Ou bien : quelles sont les quatre lettres qui nagent ici ?',
  answer: 'Ta réponse',
  another: 'Nouvelle énigme',
  pressForCode: 'Appuie sur le bouton pour recevoir ton invitation.',
  pressForKnock: 'Appuie sur le bouton, puis présente-toi.',
  worthKnock: (room) =>
    html`Ensuite tu te présentes, et quelqu’un de <strong><bdi>${room}</bdi></strong> te fait entrer.`,
  worthCode: (room, days) =>
    html`Avec le code d’invitation, une personne peut rejoindre <strong><bdi>${room}</bdi></strong>, une seule fois, dans un délai de ${count(days, 'jour', 'jours')}.`,
  cannotSee:
    'Majuscules ou minuscules, peu importe. Si tu ne peux pas voir l’image, demande une invitation à un membre.',
  anyWay: 'Majuscules, espaces et ponctuation ne comptent pas.',
  here: 'Voici ton invitation',
  next: 'Et maintenant ?',
  copyNow: 'Copie le code maintenant : cette page ne le montre que peu de temps.',
  paste: html`Dans ton appli Scuttlebutt, cherche <em>coller une invitation</em> ou <em>rejoindre un serveur</em>, et colles-y le code.`,
  within: (days, until) =>
    html`Utilise-le dans un délai de ${count(days, 'jour', 'jours')}, jusqu’au <time datetime="${until}">${until}</time>. Le code marche une seule fois.`,
  otherWays: 'Autres façons d’utiliser la même invitation',
  keep: 'Ne la partage pas : la première personne qui l’utilise entre.',
}
