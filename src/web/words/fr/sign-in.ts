// SPDX-License-Identifier: AGPL-3.0-or-later
// French: signing in and out.

import type { Words } from '../en.js'

export const signIn: Words['signIn'] = {
  title: 'Se connecter',
  lead: 'C’est ton appli Scuttlebutt qui te connecte : il n’y a pas de mot de passe.',
  open: 'Se connecter avec l’appli de cet appareil',
  scan: 'Ou scanne ce code avec le téléphone où se trouve ton appli :',
  qr: 'La demande de connexion en code QR',
  careful: 'Ne confirme dans ton appli qu’une connexion que tu as lancée toi-même.',
  afterwards: 'Après ta confirmation dans l’appli, cette page continue toute seule.',
  goOn: 'J’ai confirmé : continuer',
  uri: 'La demande de connexion, à coller dans l’appli',
  noApp:
    'Si ton appli ne sait pas faire cela, demande un lien de connexion aux personnes qui gèrent ce relais.',
  done: 'Tu es connecté·e',
  doneAs: 'Ce navigateur est connecté comme :',
  toDashboard: 'Aller au tableau de bord',
  notYou: 'Ce n’est pas toi ?',
  out: 'Se déconnecter',
  outLead: 'Seul ce navigateur est déconnecté. Tes autres navigateurs restent connectés.',
  linkLead: 'Ce lien connecte ce navigateur, une seule fois.',
  signIn: 'Connecter ce navigateur',
}
