// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the forms of an invite, an alias or the room's address, and which apps take which.

import type { Words } from '../en.js'

export const formats: Words['formats'] = {
  all: 'Tous les moyens d’utiliser l’invitation',
  byHand: 'Ou sélectionne le texte et copie-le.',
  picture: 'Afficher le code QR',
  link: {
    label: 'Lien d’invitation',
    copy: 'Copier le lien',
    apps: 'Pour Manyverse, Planetary et les autres applis qui gèrent les salons. Il ouvre la page de cette invitation.',
    qr: 'Le lien d’invitation sous forme de code QR',
  },
  claim: {
    label: 'Lien qui ouvre une appli',
    copy: 'Copier le lien d’appli',
    apps: 'Pour les mêmes applis, si elles sont installées sur cet appareil.',
    qr: 'Le lien qui ouvre une appli sous forme de code QR',
  },
  code: {
    label: 'Code d’invitation',
    copy: 'Copier le code',
    apps: 'Pour Delog, Manyverse, Patchwork, Oasis et les autres applis qui gèrent les invitations de type « pub » : colle-le là où l’appli demande une invitation.',
    qr: 'Le code d’invitation sous forme de code QR',
  },
  address: {
    label: 'Adresse du relais',
    copy: 'Copier l’adresse',
    apps: 'Pour les applis qui demandent une adresse de serveur. Elle indique où se trouve le relais ; elle ne suffit pas pour devenir membre.',
    qr: 'L’adresse du relais sous forme de code QR',
  },
  open: {
    label: 'Invitation ouverte',
    copy: 'Copier l’invitation ouverte',
    apps: 'Pour Manyverse, Patchwork et les autres applis qui gèrent les salons : colle-la là où l’appli ajoute un salon ou un serveur.',
    qr: 'L’invitation ouverte sous forme de code QR',
  },
  name: {
    label: 'Adresse de cette page',
    copy: 'Copier l’adresse',
    apps: 'Pour Manyverse, Planetary et les autres applis qui gèrent les alias de salon, et pour la partager.',
    qr: 'L’adresse de cette page sous forme de code QR',
  },
  connect: {
    label: 'Lien qui ouvre une appli',
    copy: 'Copier le lien d’appli',
    apps: 'Pour les mêmes applis, si elles sont installées sur cet appareil.',
    qr: 'Le lien qui ouvre une appli sous forme de code QR',
  },
}
