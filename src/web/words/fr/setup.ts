// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the set-up page of the first start.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const setup: Words['setup'] = {
  title: 'Configurer ce salon',
  lead: 'Le relais fonctionne. Donne un nom à ton salon.',
  seeBelow: 'Corrige les champs signalés.',
  token: 'Jeton',
  tokenHint: 'Il se trouve à la fin du lien de configuration que le relais a affiché au démarrage.',
  tokenWrong:
    'Jeton incorrect. Le relais en crée un nouveau à chaque démarrage ; tidepool setup affiche le lien actuel.',
  keyOver: 'La page n’était plus à jour. Vérifie-la et envoie-la de nouveau.',
  name: 'Nom',
  nameHint: (most) => `Le nom que l’on donnera au salon ; ${most} caractères au plus.`,
  nameMissing: 'Saisis un nom.',
  description: 'Description',
  descriptionHint: (most) => `À qui s’adresse le salon et de quoi on y parle ; ${most} caractères au plus.`,
  tooLong: (most, now) => `${most} caractères au plus ; tu en as saisi ${now}.`,
  apps: 'Quelles applis seront utilisées ?',
  ebt: 'Manyverse, ou une autre appli qui réplique par EBT',
  ebtHint:
    'Sans cela, ces applis ne reçoivent aucun feed du relais. Delog et les applis plus anciennes n’en ont pas besoin.',
  admin: 'Ton identifiant de feed',
  adminHint: '@….ed25519, depuis ton appli Scuttlebutt : ce feed devient le premier membre et admin.',
  adminMalformed:
    'Un identifiant de feed se compose d’un @, de 44 caractères et de .ed25519 : copie-le en entier.',
  adminIsRelay: 'C’est l’identifiant du relais lui-même. Le tien est dans ton appli.',
  adminBlocked: 'Ce feed est bloqué. Débloque-le d’abord avec tidepool unblock.',
  open: 'Ouvrir le salon',
  later: html`Tout cela peut se changer plus tard avec <code>tidepool setup</code> ; pour choisir qui peut rejoindre le salon, il y a
<code>tidepool mode</code>. Pour ouvrir le tableau de bord, passe par « Connexion » : ton appli te connecte dès qu’elle a
joint le relais ; ou bien <code>tidepool members link</code>, suivi de ton identifiant de feed, affiche un lien de connexion.`,
  ready: {
    title: (room) => `${room} : tout est prêt`,
    nobody: 'Pour l’instant, seule cette machine atteint le salon.',
    nobodyHow:
      'Pour les autres, il lui faut une adresse onion (onion.enabled), ou un domaine public et des ports ouverts : voir « How others reach the relay » dans docs/run-it.md.',
    invite: 'Invite quelqu’un',
    inviteHow: 'Cette invitation est pour une personne. Envoie le lien, ou montre l’image.',
    reachedBy: (host) => html`Les autres atteignent le salon à <code>${host}</code>.`,
    inviteLater: html`<code>tidepool invite create</code> affiche une invitation à envoyer.`,
    signIn: 'Tu as le rôle d’admin de ce salon. Dès que ton appli est reliée au relais, elle te connecte.',
    noAdmin:
      'Le salon n’a pas encore d’admin : personne ne peut ouvrir le tableau de bord. La première commande donne ce rôle à ton identifiant de feed, la seconde affiche un lien de connexion :',
    front: 'Aller à l’accueil',
  },
}
