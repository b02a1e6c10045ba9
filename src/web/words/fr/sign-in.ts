// SPDX-License-Identifier: AGPL-3.0-or-later
// French: signing in and out.

import type { Words } from '../en.js'

export const signIn: Words['signIn'] = {
  title: 'Connexion',
  lead: 'C’est ton appli Scuttlebutt qui te connecte : il n’y a pas de mot de passe.',
  open: 'Utiliser l’appli de cet appareil',
  scan: 'Ou scanne ce code avec le téléphone où se trouve ton appli :',
  qr: 'La demande de connexion sous forme de code QR',
  careful: 'Dans ton appli, ne confirme qu’une connexion que tu as toi-même demandée.',
  afterwards: 'Dès que tu as confirmé dans ton appli, la suite s’affiche ici toute seule.',
  goOn: 'J’ai confirmé : continuer',
  uri: 'La demande de connexion, à coller dans l’appli',
  noApp: 'Si ton appli ne sait pas le faire, demande un lien de connexion à l’équipe du relais.',
  done: 'Connexion réussie',
  doneAs: 'Ce navigateur est connecté en tant que :',
  toDashboard: 'Aller au tableau de bord',
  notYou: 'Ce n’est pas toi ?',
  out: 'Déconnexion',
  outLead: 'Seul ce navigateur sera déconnecté ; tes autres navigateurs restent connectés.',
  linkLead: 'Ce lien connecte ce navigateur, une seule fois.',
  signIn: 'Connecter ce navigateur',
}
