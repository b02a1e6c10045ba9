// SPDX-License-Identifier: AGPL-3.0-or-later
// French: the relay's warnings, by code.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const warnings: Words['warnings'] = {
  recovering:
    'Le relais a été restauré et récupère encore ses données. Personne ne peut le rejoindre d’ici là.',
  clock_unconfirmed:
    'L’heure n’est pas confirmée. Rien de ce qui a expiré n’est effacé, et les nouvelles invitations expirent selon la durée de fonctionnement, pas selon la date.',
  store_high: (percent) =>
    html`Le stockage est plein à ${percent} %. À 100 %, les nouveaux messages sont refusés (<code>store.max_bytes</code>).`,
  disk_low: (mib) => `Il reste ${mib} Mio sur le disque. Sans place, les nouveaux messages sont refusés.`,
  descriptors_high: (open, limit) =>
    html`${open} descripteurs de fichier sur ${limit} sont utilisés : augmente <code>LimitNOFILE</code> ou <code>ulimit -n</code>.`,
  local_pages_closed: 'Il n’y a pas de pages pour le réseau local.',
  proxy_misconfigured: 'Le proxy inverse est mal configuré.',
  certificate_expired: 'Le certificat a expiré.',
  certificate_not_yet_valid: 'D’après cette horloge, le certificat n’est pas encore valable.',
  certificate_missing: 'Il n’y a pas encore de certificat.',
  certificate_ends: (days) => `Le certificat expire dans ${count(days, 'jour', 'jours')}.`,
  https_problem: 'Il y a un problème avec HTTPS.',
  onion_problem: (state) => html`Il y a un problème avec l’adresse onion : <code>${state}</code>.`,
  backup_old: (days) =>
    html`La dernière sauvegarde date de ${count(days, 'jour', 'jours')} : vérifie que sa minuterie fonctionne, ou lance <code>tidepool backup FILE</code>.`,
  relays_lost: (n: number) =>
    html`${count(n, 'autre relais n’est pas connecté', 'autres relais ne sont pas connectés')} depuis un jour ou ne prennent aucun feed ; rien de nouveau n’y est gardé : voir <code>tidepool peer list</code>.`,
  ebt_off: (members) =>
    html`Les applis de ${count(members, 'membre', 'membres')} demandent EBT, qui est désactivé. Elles ne reçoivent aucun feed de ce relais ; un admin peut activer EBT sous « Salon ».`,
  web_invites_reached: (times) =>
    html`La limite d’invitations par heure a été atteinte ${times} fois depuis le démarrage. S’il y a trop d’inconnus, pose une question ou change le mode sous « Salon » ; sinon, augmente <code>invite.per_hour</code>.`,
  limit_reached: (limit, times) =>
    html`Limite atteinte dans la dernière heure : <code>${limit}</code>, ${times} fois depuis le démarrage.`,
}
