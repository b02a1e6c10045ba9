// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the page of an alias.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const alias: Words['alias'] = {
  title: (name, room) => `${name} sur ${room}`,
  lead: (name, room) =>
    html`Ici, ton appli se connecte à <strong>${name}</strong>, membre du salon <bdi>${room}</bdi>.`,
  connect: 'Entrer en contact',
  connectHint:
    'Rien ne se passe ? C’est qu’aucune appli de cet appareil n’ouvre ce genre de lien : essaie un autre moyen ci-dessous.',
  online: html`<strong>En ligne en ce moment.</strong>`,
  offline: (name) =>
    html`<strong>Hors ligne pour le moment.</strong> Ton appli peut joindre ${name} quand vous êtes en ligne en même temps. Réessaie plus tard.`,
  friends: (name) =>
    `Certaines applis n’acceptent que les personnes qu’elles suivent. Si ça ne marche pas, demande à ${name} de te suivre.`,
  openRoom: 'Ce salon est ouvert : ton appli peut s’y connecter sans invitation.',
  community:
    'Ce salon est celui d’une communauté : tu peux joindre ce membre, mais tu ne vois pas qui d’autre est en ligne.',
  install: 'Ce qu’il te faut',
  noApp: (url) =>
    html`Il te faut une appli qui gère les alias de salon, comme <a href="${url}" rel="noreferrer">Manyverse</a>. Installe-la, ouvre-la une fois, puis reviens sur cette page.`,
  ways: 'Tous les moyens d’entrer en contact',
  id: 'Identifiant de feed lié à cet alias',
  idHint: 'Grâce à lui, ton appli vérifie qu’elle parle à la bonne personne.',
}
