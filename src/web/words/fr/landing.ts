// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the front page.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const landing: Words['landing'] = {
  members: (n) => (n < 2 ? 'membre' : 'membres'),
  online: 'en ligne',
  open: 'ouvert à tout le monde',
  community: 'une communauté : on frappe à la porte',
  comeIn: 'Entre',
  first: {
    picture: 'Résous une petite énigme et reçois un code d’invitation.',
    question: 'Réponds à une question et reçois un code d’invitation.',
    none: 'Reçois un code d’invitation.',
  },
  steps: [
    'Colle le code dans ton appli Scuttlebutt.',
    'Le relais te suit, garde ton feed et le transmet à tes amis pendant que tu es hors ligne.',
  ],
  getInvite: 'Recevoir une invitation',
  noApp: (url) =>
    html`Tu ne connais pas Scuttlebutt ? C’est un réseau social sans entreprise au milieu : ce que tu écris se trouve dans une appli sur ton propre appareil et passe d’ami en ami. Trouve une appli sur <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>.`,
  visiting: 'Juste de passage ?',
  visitingHow:
    'Avec l’invitation ouverte, ton appli rencontre les personnes en ligne. Rien de ce qui est à toi n’est gardé ici.',
  knock: 'Frapper à la porte',
  firstKnock: { picture: 'Résous une petite énigme.', question: 'Réponds à une question.' },
  knockSteps: ['Laisse ton identifiant de feed et présente-toi.', 'Un membre te fait entrer.'],
  knockHere: 'Frapper à la porte',
  quicker: 'Si tu connais un membre, son invitation ira plus vite.',
  identity: 'Identité de ce relais',
  identityHow: 'Les applis reconnaissent le relais à cette clé, même si son adresse change.',
}
