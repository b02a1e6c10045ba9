// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the front page.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const landing: Words['landing'] = {
  // zero is singular in French
  members: (n) => (n < 2 ? 'membre' : 'membres'),
  online: 'en ligne',
  open: 'ouvert à tout le monde',
  community: 'une communauté : frappe à la porte pour entrer',
  comeIn: 'Pour entrer',
  first: {
    picture: 'Résous une petite énigme pour obtenir un code d’invitation.',
    question: 'Réponds à une question pour obtenir un code d’invitation.',
    none: 'Obtiens un code d’invitation.',
  },
  steps: [
    'Colle le code dans ton appli Scuttlebutt.',
    'Le relais te suit, conserve ton feed et le transmet à tes contacts pendant que tu es hors ligne.',
  ],
  getInvite: 'Obtenir une invitation',
  noApp: (url) =>
    html`Tu découvres Scuttlebutt ? C’est un réseau social sans entreprise aux commandes : ce que tu écris se trouve dans une appli, sur ton propre appareil, et circule de proche en proche. Trouve une appli sur <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>.`,
  visiting: 'Juste de passage ?',
  visitingHow:
    'Avec l’invitation ouverte, ton appli rencontre les personnes en ligne. Rien de ce que tu écris n’est conservé ici.',
  knock: 'Frapper à la porte',
  firstKnock: { picture: 'Résous une petite énigme.', question: 'Réponds à une question.' },
  knockSteps: ['Laisse ton identifiant de feed et présente-toi.', 'Un membre te fait entrer.'],
  knockHere: 'Frapper à la porte',
  quicker: 'Si tu connais un membre, demande-lui une invitation : c’est plus rapide.',
  identity: 'Identité de ce relais',
  identityHow: 'Les applis reconnaissent le relais à cette clé, même si son adresse change.',
}
