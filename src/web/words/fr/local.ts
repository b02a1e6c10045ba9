// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the pages for the local network.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const local: Words['local'] = {
  noToken: (minutes) =>
    `Pendant encore ${count(minutes, 'minute', 'minutes')}, cette page ne demande pas de jeton.`,
  noTokenHow:
    'Tu es sur le même réseau que le relais. D’ici là, n’importe quel appareil de ce réseau peut configurer le salon, une seule fois. Fais-le donc maintenant.',
  needsToken: 'Cette page demande le jeton.',
  tokenWhere: html`Il se trouve à la fin du lien de configuration. Ce lien est affiché sur l’écran du relais et dans le fichier
<code>tidepool.txt</code> de la partition de démarrage de sa carte SD, lisible par tout ordinateur.`,
  tokenHint: 'La dernière partie du lien de configuration, après token=.',
  restart: 'Ou redémarre l’appareil : pendant une heure, cette page ne demandera pas de jeton.',
  adminHint:
    '@….ed25519, depuis ton appli Scuttlebutt : ce feed devient le premier membre et admin. Sans lui, personne ne peut ouvrir le tableau de bord, et il faudra un clavier ou SSH pour l’ajouter.',
  onlyHere: 'Pour l’instant, seul ce réseau atteint le salon.',
  onlyHereHow: 'L’accueil affichera ici une adresse pour tout le monde dès qu’il y en aura une.',
  inviteLater: 'Le tableau de bord permet de créer des invitations.',
  lead: 'Cette page est réservée au réseau du relais. Depuis un autre réseau, utilise une adresse ci-dessous.',
  boardAt: (address) => html`Cet appareil a l’adresse <code>${address}</code> sur ce réseau.`,
  addresses: 'Adresses pour tout le monde',
  noAddress: 'Le salon n’a pas encore d’adresse qui fonctionne depuis un autre réseau.',
  waiting:
    'L’adresse onion apparaîtra ici quand Tor l’aura publiée. Cela prend quelques minutes ; recharge ensuite cette page.',
  getAddress: html`Pour en avoir une, règle <code>onion.enabled</code> ou <code>domain.name</code> dans la configuration.`,
  onion: {
    title: 'Adresse onion',
    how: 'S’ouvre dans Tor Browser. Elle fonctionne de partout.',
    qr: 'L’adresse onion sous forme de code QR',
  },
  https: {
    title: 'Domaine',
    how: 'S’ouvre dans tous les navigateurs.',
    qr: 'L’adresse du domaine sous forme de code QR',
  },
  health: 'État',
  signIn: 'Sur ce réseau, tu peux te connecter ici, quand ton appli est reliée au relais.',
}
