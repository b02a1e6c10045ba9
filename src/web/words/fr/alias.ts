// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the page of an alias.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const alias: Words['alias'] = {
  title: (name, room) => `${name} chez ${room}`,
  lead: (name, room) =>
    html`Ici, ton appli se connecte à <strong>${name}</strong>, membre de <bdi>${room}</bdi>.`,
  connect: 'Me joindre',
  connectHint:
    'Rien ne se passe ? Alors aucune appli de cet appareil n’ouvre ces liens : choisis une autre façon ci-dessous.',
  online: html`<strong>En ligne.</strong>`,
  offline: (name) =>
    html`<strong>Hors ligne pour l’instant.</strong> Ton appli joint ${name} quand vous êtes tous deux en ligne. Réessaie plus tard.`,
  friends: (name) =>
    `Certaines applis n’acceptent que les personnes qu’elles suivent. Si ça ne marche pas, demande à ${name} de te suivre.`,
  openRoom: 'Ce salon est ouvert : ton appli peut se connecter sans invitation.',
  community:
    'Ce salon est celui d’une communauté : tu peux joindre ce membre, mais tu ne vois pas qui d’autre est en ligne.',
  install: 'Ce qu’il te faut',
  noApp: (url) =>
    html`Il te faut une appli qui connaît les alias, comme <a href="${url}" rel="noreferrer">Manyverse</a>. Installe-la, ouvre-la une fois, puis reviens sur cette page.`,
  ways: 'Toutes les façons de se connecter',
  id: 'Identifiant de feed de cette personne',
  idHint: 'Avec cet identifiant, ton appli s’assure qu’elle parle à la bonne personne.',
}
