// SPDX-License-Identifier: AGPL-3.0-or-later
// French: error pages.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

const sayings: Words['errors']['sayings'] = {
  not_found: {
    title: 'Page introuvable',
    hint: 'Il n’y a pas de page à cette adresse, ou tu ne peux pas la voir. Vérifie l’adresse, ou connecte-toi.',
  },
  method_not_allowed: {
    title: 'Demande non prévue',
    hint: 'Cette adresse ne prend pas ce genre de demande. Reviens en arrière et utilise les liens et les boutons de la page.',
  },
  wrong_host: {
    title: 'Nom d’hôte inconnu',
    hint: 'Ce serveur ne répond pas au nom qui est dans ta barre d’adresse. Vérifie l’adresse.',
  },
  proxy_unproven: {
    title: 'Le proxy n’est pas encore réglé',
    hint: 'Le serveur web devant ce relais doit envoyer l’en-tête X-Forwarded-Proto: https. Les réglages pour nginx, Caddy et Apache sont dans docs/run-it.md.',
  },
  not_allowed: {
    title: 'Non permis',
    hint: 'Ton rôle ne le permet pas, ou le formulaire vient d’un autre site. Ouvre la page ici et réessaie.',
  },
  signed_out: { title: 'Tu n’es pas connecté·e', hint: 'Connecte-toi pour voir cette page.' },
  sign_in_refused: {
    title: 'La connexion a échoué',
    hint: 'Aucune appli d’un membre n’a confirmé cette connexion à temps. Vérifie que ton appli est reliée à ce relais, puis recommence.',
  },
  link_void: {
    title: 'Lien déjà utilisé ou expiré',
    hint: 'Un lien de connexion marche une fois et peu de temps. Demandes-en un nouveau.',
  },
  form_stale: {
    title: 'Formulaire expiré',
    hint: 'Tu t’es reconnecté·e après l’ouverture de cette page, ou ton navigateur bloque les cookies. Ouvre la page de nouveau.',
  },
  invite_unknown: {
    title: 'Invitation introuvable',
    hint: 'Le lien est incomplet, ou l’invitation a expiré il y a longtemps. Copie le lien en entier, ou demande une nouvelle invitation.',
  },
  bad_feed_id: {
    title: 'Identifiant de feed non valable',
    hint: 'Un identifiant de feed, c’est un @, 44 caractères et .ed25519. Copie-le depuis ton appli, reviens en arrière et réessaie.',
  },
  bad_argument: {
    title: 'Valeur non valable',
    hint: 'Un champ du formulaire a une valeur qui ne peut pas servir. Reviens en arrière et vérifie ce que tu as écrit.',
  },
  not_following: {
    title: 'Pas membre',
    hint: 'Ce feed n’est pas, ou n’est plus, membre de ce salon. Vérifie l’identifiant de feed.',
  },
  already_following: {
    title: 'Déjà membre',
    hint: 'Le relais suit déjà ce feed : il n’y a rien à faire.',
  },
  not_admitted: {
    title: 'Le feed est bloqué',
    hint: 'Ce feed est bloqué ici. La modération peut le débloquer dans le tableau de bord.',
  },
  recovering: {
    title: 'Le relais se rétablit',
    hint: 'Le relais a été restauré à partir d’une sauvegarde et n’accepte rien tant qu’il ne connaît pas son dernier état. Réessaie dans quelques minutes.',
  },
  store_full: {
    title: 'L’espace est plein',
    hint: 'Le relais ne peut rien garder de plus. Dis-le aux personnes qui le gèrent.',
  },
  last_admin: {
    title: 'Il faut un admin au salon',
    hint: 'Tu es la dernière personne avec ce rôle. Donne-le d’abord à quelqu’un d’autre.',
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
    title: 'Plus d’invitations pour l’instant',
    hint: 'Le relais donne un nombre limité d’invitations par heure.',
  },
  quota_reached: {
    title: 'Trop de demandes',
    hint: 'La limite de cette action est atteinte. Attends un peu avant de réessayer.',
  },
  already_set_up: {
    title: 'Déjà préparé',
    hint: 'Ce salon a déjà un nom. Change-le dans le tableau de bord, ou avec tidepool setup.',
  },
  matrix_off: {
    title: 'Le vestibule est fermé',
    hint: 'Ce relais n’a pas de vestibule Matrix pour l’instant. Qui gère le relais peut l’ouvrir.',
  },
  matrix_refused: {
    title: 'Refusé sur Matrix',
    hint: 'L’autre serveur ou les règles du vestibule ne le permettent pas. Vérifie le nom du compte, puis réessaie.',
  },
  matrix_unreachable: {
    title: 'Le serveur Matrix ne répond pas',
    hint: 'L’autre serveur n’a pas répondu. Vérifie son nom, ou réessaie plus tard.',
  },
  busy: { title: 'Le relais est occupé', hint: 'Trop de demandes à la fois. Réessaie dans une minute.' },
  internal: {
    title: 'Erreur interne',
    hint: 'Le relais n’a pas pu répondre ; ce n’est pas ta faute. Réessaie dans quelques minutes et, si l’erreur revient, dis-le aux personnes qui gèrent ce relais.',
  },
}

export const errors: Words['errors'] = {
  sayings,
  other: { title: 'Ça n’a pas marché', hint: 'Reviens en arrière et réessaie.' },
  comeBack: (minutes) => html`Réessaie dans <strong>${count(minutes, 'minute', 'minutes')}</strong> environ.`,
  instead: (address) =>
    html`Il répond à <a href="${address}/">${address}</a>. Pour que ce nom marche aussi, il faut l’ajouter à <code>web.names</code> sur le relais.`,
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
    already_following: 'le feed est déjà membre',
    invite_malformed: 'invitation mal formée',
    not_admitted: 'accès refusé',
    not_allowed: 'non permis',
    no_such_method: 'méthode inconnue',
    busy: 'occupé, réessaie plus tard',
    bad_argument: 'donnée non valable',
    bad_feed_id: 'identifiant de feed non valable',
    message_invalid: 'message non valable',
    message_too_large: 'message trop long',
    message_unwanted: 'message d’un feed non demandé',
    feed_forked: 'feed bifurqué',
    feed_full: 'feed plein',
    store_full: 'espace plein',
    not_following: 'le feed n’est pas membre',
    quota_reached: 'limite atteinte',
    alias_taken: 'alias déjà pris',
    alias_invalid: 'alias non valable',
    signature_invalid: 'signature non valable',
    not_attending: 'connexion impossible',
    tunnel_ended: 'tunnel fermé',
    token_wrong: 'mauvais jeton',
    already_set_up: 'le salon est déjà préparé',
    signed_out: 'non connecté',
    sign_in_refused: 'connexion refusée',
    link_void: 'lien de connexion sans effet',
    form_stale: 'formulaire expiré',
    last_admin: 'le dernier admin ne peut pas être retiré',
    captcha_wrong: 'mauvaise réponse',
    captcha_missing: 'énigme expirée ou déjà utilisée',
    invites_exhausted: 'plus d’invitations pour l’instant',
    not_found: 'introuvable',
    method_not_allowed: 'méthode non permise',
    wrong_host: 'nom d’hôte inconnu',
    proxy_unproven: 'le proxy ne confirme pas https',
    body_too_large: 'contenu trop long',
    body_malformed: 'contenu illisible',
    matrix_off: 'le vestibule est fermé',
    matrix_refused: 'refusé par l’autre serveur ou par les règles du salon',
    matrix_unreachable: 'le serveur Matrix ne répond pas',
    config_invalid: 'configuration non valable',
    clock_unset: 'l’horloge n’est pas encore à l’heure',
    data_unusable: 'le dossier de données ne peut pas servir',
    machine_unsupported: 'cette machine ne convient pas',
    certificate_unusable: 'le certificat ne peut pas servir',
    backup_unusable: 'la sauvegarde ne peut pas servir',
    recovering: 'en rétablissement, ne peut pas encore publier',
    relay_running: 'un relais fonctionne déjà',
    relay_not_running: 'aucun relais ne fonctionne',
    address_unusable: 'cette adresse ne peut pas servir',
    internal: 'erreur interne',
  },
}
