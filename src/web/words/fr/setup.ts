// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the set-up page of the first start.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const setup: Words['setup'] = {
  title: 'Prépare ce salon',
  lead: 'Le relais fonctionne. Donne un nom à ton salon.',
  seeBelow: 'Corrige les champs marqués.',
  token: 'Jeton',
  tokenHint: 'Il est à la fin du lien de préparation que le relais a affiché au démarrage.',
  tokenWrong:
    'Mauvais jeton. Chaque démarrage du relais en crée un nouveau ; tidepool setup montre le lien actuel.',
  name: 'Nom',
  nameHint: (most) => `Comment on appellera le salon ; ${most} caractères au plus.`,
  nameMissing: 'Écris un nom.',
  description: 'Description',
  descriptionHint: (most) => `Pour qui est le salon et de quoi on y parle ; ${most} caractères au plus.`,
  tooLong: (most, now) => `${most} caractères au plus ; tu en as écrit ${now}.`,
  apps: 'Quelles applis utilisera-t-on ?',
  ebt: 'Manyverse, ou une autre appli qui réplique par EBT',
  ebtHint:
    'Sinon, ces applis ne reçoivent aucun feed du relais. Delog et les applis plus anciennes s’en passent.',
  admin: 'Ton identifiant de feed',
  adminHint: '@….ed25519, de ton appli Scuttlebutt : il devient le premier membre, avec le rôle d’admin.',
  adminMalformed: 'Un identifiant de feed, c’est un @, 44 caractères et .ed25519 : copie-le en entier.',
  adminIsRelay: 'C’est l’identifiant du relais lui-même. Le tien est dans ton appli.',
  adminBlocked: 'Ce feed est bloqué. Débloque-le d’abord avec tidepool unblock.',
  open: 'Ouvrir le salon',
  later: html`Tu pourras tout changer plus tard avec <code>tidepool setup</code>, et avec <code>tidepool mode</code> qui
peut entrer. Pour ouvrir le tableau de bord, suis « Se connecter » : ton appli te connecte dès qu’elle est reliée au
relais, ou <code>tidepool members link</code> avec ton identifiant de feed affiche un lien de connexion.`,
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
