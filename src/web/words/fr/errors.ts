// SPDX-License-Identifier: AGPL-3.0-or-later
// French: error pages.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

const sayings: Words['errors']['sayings'] = {
  not_found: {
    title: 'Page introuvable',
    hint: 'Il n’y a pas de page à cette adresse, ou tu n’y as pas accès. Vérifie l’adresse ou connecte-toi.',
  },
  method_not_allowed: {
    title: 'Requête impossible',
    hint: 'Cette adresse n’accepte pas ce genre de requête. Reviens en arrière et sers-toi des liens et des boutons de la page.',
  },
  wrong_host: {
    title: 'Nom de serveur inconnu',
    hint: 'Ce serveur ne répond pas au nom qui figure dans ta barre d’adresse. Vérifie l’adresse.',
  },
  proxy_unproven: {
    title: 'Le proxy n’est pas encore configuré',
    hint: 'Le serveur web placé devant ce relais doit envoyer l’en-tête X-Forwarded-Proto: https. Les réglages pour nginx, Caddy et Apache sont dans docs/run-it.md.',
  },
  not_allowed: {
    title: 'Action non autorisée',
    hint: 'Ton rôle ne le permet pas, ou le formulaire vient d’un autre site. Ouvre la page ici et réessaie.',
  },
  signed_out: { title: 'Connexion nécessaire', hint: 'Connecte-toi pour voir cette page.' },
  sign_in_refused: {
    title: 'Échec de la connexion',
    hint: 'Aucune appli de membre n’a confirmé cette connexion à temps. Vérifie que ton appli est connectée à ce relais, puis recommence.',
  },
  link_void: {
    title: 'Lien déjà utilisé ou expiré',
    hint: 'Un lien de connexion ne sert qu’une fois et pendant peu de temps. Demandes-en un nouveau.',
  },
  form_stale: {
    title: 'Formulaire expiré',
    hint: 'Une nouvelle connexion a eu lieu depuis l’ouverture de cette page, ou ton navigateur bloque les cookies. Ouvre la page à nouveau.',
  },
  invite_unknown: {
    title: 'Invitation introuvable',
    hint: 'Le lien est incomplet, ou l’invitation a expiré depuis longtemps. Copie le lien en entier ou demande une nouvelle invitation.',
  },
  bad_feed_id: {
    title: 'Identifiant de feed invalide',
    hint: 'Un identifiant de feed se compose d’un @, de 44 caractères et de .ed25519. Copie-le depuis ton appli, reviens en arrière et réessaie.',
  },
  bad_argument: {
    title: 'Valeur invalide',
    hint: 'Un champ du formulaire contient une valeur inutilisable. Reviens en arrière et vérifie ta saisie.',
  },
  not_following: {
    title: 'Ce feed n’est pas membre',
    hint: 'Ce feed n’est pas, ou n’est plus, membre de ce salon. Vérifie l’identifiant de feed.',
  },
  already_following: {
    title: 'Déjà membre',
    hint: 'Le relais suit déjà ce feed : il n’y a rien à faire.',
  },
  not_admitted: {
    title: 'Feed bloqué',
    hint: 'Ce feed est bloqué ici. La modération peut le débloquer dans le tableau de bord.',
  },
  recovering: {
    title: 'Relais en cours de restauration',
    hint: 'Le relais a été restauré à partir d’une sauvegarde et n’accepte aucun changement tant qu’il ne connaît pas son état le plus récent. Réessaie dans quelques minutes.',
  },
  store_full: {
    title: 'Stockage plein',
    hint: 'Le relais ne peut plus rien stocker. Préviens l’équipe du relais.',
  },
  last_admin: {
    title: 'Il faut au moins un admin',
    hint: 'Le salon n’a pas d’autre admin que toi. Donne d’abord ce rôle à quelqu’un d’autre.',
  },
  body_too_large: {
    title: 'Formulaire trop long',
    hint: 'Le formulaire contient plus de texte que ce relais n’en accepte. Reviens en arrière et raccourcis-le.',
  },
  body_malformed: {
    title: 'Formulaire illisible',
    hint: 'Le relais n’a pas pu lire ce que ton navigateur a envoyé. Reviens en arrière, recharge la page et réessaie.',
  },
  invites_exhausted: {
    title: 'Plus d’invitations pour le moment',
    hint: 'Le relais n’accorde qu’un nombre limité d’invitations par heure.',
  },
  quota_reached: {
    title: 'Trop de requêtes',
    hint: 'La limite pour cette action est atteinte. Attends un peu avant de réessayer.',
  },
  already_set_up: {
    title: 'Déjà configuré',
    hint: 'Ce salon a déjà un nom. Change-le dans le tableau de bord ou avec tidepool setup.',
  },
  matrix_off: {
    title: 'Le hall est désactivé',
    hint: 'Ce relais n’a pas de hall Matrix pour le moment. L’équipe du relais peut l’activer.',
  },
  matrix_refused: {
    title: 'Refusé sur Matrix',
    hint: 'L’autre serveur ou les règles du hall ne le permettent pas. Vérifie le nom du compte, puis réessaie.',
  },
  matrix_unreachable: {
    title: 'Serveur Matrix injoignable',
    hint: 'L’autre serveur n’a pas répondu. Vérifie son nom ou réessaie plus tard.',
  },
  busy: { title: 'Relais surchargé', hint: 'Trop de requêtes à la fois. Réessaie dans une minute.' },
  internal: {
    title: 'Erreur interne',
    hint: 'Le relais n’a pas pu répondre ; tu n’y es pour rien. Réessaie dans quelques minutes et, si l’erreur revient, préviens l’équipe du relais.',
  },
}

export const errors: Words['errors'] = {
  sayings,
  other: { title: 'Ça n’a pas marché', hint: 'Reviens en arrière et réessaie.' },
  instead: (address) =>
    html`Il répond à l’adresse <a href="${address}/">${address}</a>. Pour que ce nom marche aussi, l’équipe du relais doit l’ajouter à <code>web.names</code>.`,
  comeBack: (minutes) => html`Réessaie dans environ <strong>${count(minutes, 'minute', 'minutes')}</strong>.`,
  /** the label of the link, by its path */
  to: {
    '/': 'Aller à l’accueil',
    '/invite/': 'Aller à la page d’invitation',
    '/login': 'Se connecter',
    '/dashboard': 'Aller au tableau de bord',
  },
  words: {
    invite_unknown: 'invitation inconnue',
    invite_used_up: 'invitation épuisée',
    invite_expired: 'invitation expirée',
    already_following: 'feed déjà membre',
    invite_malformed: 'invitation mal formée',
    not_admitted: 'accès refusé',
    not_allowed: 'non autorisé',
    no_such_method: 'méthode inexistante',
    busy: 'surchargé, réessaie plus tard',
    bad_argument: 'valeur invalide',
    bad_feed_id: 'identifiant de feed invalide',
    message_invalid: 'message invalide',
    message_too_large: 'message trop long',
    message_unwanted: 'message d’un feed non demandé',
    feed_forked: 'feed bifurqué',
    feed_full: 'feed plein',
    store_full: 'stockage plein',
    not_following: 'feed non membre',
    quota_reached: 'limite atteinte',
    alias_taken: 'alias déjà pris',
    alias_invalid: 'alias invalide',
    signature_invalid: 'signature invalide',
    not_attending: 'connexion impossible',
    tunnel_ended: 'tunnel fermé',
    token_wrong: 'jeton incorrect',
    already_set_up: 'déjà configuré',
    signed_out: 'connexion nécessaire',
    sign_in_refused: 'connexion refusée',
    link_void: 'lien de connexion invalide',
    form_stale: 'formulaire expiré',
    last_admin: 'impossible de retirer le dernier admin',
    captcha_wrong: 'mauvaise réponse',
    captcha_missing: 'énigme expirée ou déjà utilisée',
    invites_exhausted: 'plus d’invitations pour le moment',
    not_found: 'introuvable',
    method_not_allowed: 'méthode non autorisée',
    wrong_host: 'nom de serveur inconnu',
    proxy_unproven: 'le proxy n’atteste pas HTTPS',
    body_too_large: 'contenu trop long',
    body_malformed: 'contenu illisible',
    matrix_off: 'le hall est désactivé',
    matrix_refused: 'refusé par l’autre serveur ou les règles du hall',
    matrix_unreachable: 'serveur Matrix injoignable',
    peer_unreachable: 'autre relais injoignable',
    config_invalid: 'configuration invalide',
    clock_unset: 'l’horloge n’est pas encore réglée',
    data_unusable: 'répertoire de données inutilisable',
    machine_unsupported: 'machine non prise en charge',
    certificate_unusable: 'certificat inutilisable',
    backup_unusable: 'sauvegarde inutilisable',
    recovering: 'restauration en cours, publication encore impossible',
    relay_running: 'un relais tourne déjà',
    relay_not_running: 'aucun relais ne tourne',
    address_unusable: 'impossible d’écouter sur cette adresse',
    internal: 'erreur interne',
  },
}
