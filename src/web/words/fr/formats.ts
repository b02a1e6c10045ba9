// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the forms of an invite, an alias or the room's address, and which apps take which.

import type { Words } from '../en.js'

export const formats: Words['formats'] = {
  all: 'Toutes les façons d’utiliser l’invitation',
  byHand: 'Ou sélectionne le texte et copie-le.',
  picture: 'Montrer le code QR',
  link: {
    label: 'Lien d’invitation',
    copy: 'Copier le lien',
    apps: 'Pour Manyverse, Planetary et les autres applis qui connaissent les salons. Il ouvre la page de cette invitation.',
    qr: 'Le lien d’invitation en code QR',
  },
  claim: {
    label: 'Lien qui ouvre une appli',
    copy: 'Copier le lien d’appli',
    apps: 'Pour les mêmes applis, si elles sont installées sur cet appareil.',
    qr: 'Le lien qui ouvre une appli en code QR',
  },
  code: {
    label: 'Code d’invitation',
    copy: 'Copier le code',
    apps: 'Pour Delog, Manyverse, Patchwork, Oasis et les autres applis qui prennent les invitations de pubs : colle-le là où l’appli demande une invitation.',
    qr: 'Le code d’invitation en code QR',
  },
  address: {
    label: 'Adresse du relais',
    copy: 'Copier l’adresse',
    apps: 'Pour les applis qui demandent l’adresse d’un serveur. Elle dit où est le relais ; elle ne fait pas de toi un membre.',
    qr: 'L’adresse du relais en code QR',
  },
  open: {
    label: 'Invitation ouverte',
    copy: 'Copier l’invitation',
    apps: 'Pour Manyverse, Patchwork et les autres applis qui connaissent les salons : colle-la là où l’appli ajoute un salon ou un serveur.',
    qr: 'L’invitation ouverte en code QR',
  },
  name: {
    label: 'Adresse de cette page',
    copy: 'Copier l’adresse de la page',
    apps: 'Pour Manyverse, Planetary et les autres applis qui connaissent les alias, et pour la partager.',
    qr: 'L’adresse de cette page en code QR',
  },
  connect: {
    label: 'Lien qui ouvre une appli',
    copy: 'Copier le lien d’appli',
    apps: 'Pour les mêmes applis, si elles sont installées sur cet appareil.',
    qr: 'Le lien qui ouvre une appli en code QR',
  },
}
