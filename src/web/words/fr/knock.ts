// SPDX-License-Identifier: AGPL-3.0-or-later
// French: knocking, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const knock: Words['knock'] = {
  who: 'Qui est là ?',
  seeBelow: 'Corrige les champs signalés.',
  tooMany: (minutes) =>
    `Trop de gens ont frappé à la porte. Appuie de nouveau sur le bouton dans environ ${count(minutes, 'minute', 'minutes')}.`,
  feed: 'Ton identifiant de feed',
  feedHint: '@….ed25519 : il se trouve sur ton profil dans ton appli Scuttlebutt.',
  feedMalformed:
    'Un identifiant de feed se compose d’un @, de 44 caractères et de .ed25519 : copie-le depuis ton appli.',
  feedIsRelay: 'C’est l’identifiant du relais. Le tien est dans ton appli.',
  note: 'Présente-toi',
  noteHint: (most) =>
    `Qui te connaît ici ? ${most} caractères au plus ; si on te laisse entrer, tout le monde pourra lire ce texte.`,
  noteTooLong: (most, now) => `${most} caractères au plus ; tu en as saisi ${now}.`,
  knock: 'Frapper à la porte',
  willRead: (room, days) =>
    html`Une personne du salon <strong><bdi>${room}</bdi></strong> lira ta demande sous ${count(days, 'jour', 'jours')}.`,
  waiting: 'Tu es sur la liste d’attente',
  joined: 'Te voilà membre',
  member: 'Tu es déjà membre',
  waitingLead: (room, days) =>
    html`Une personne du salon <bdi>${room}</bdi> lira ta demande. Sans réponse au bout de ${count(days, 'jour', 'jours')}, tu pourras frapper de nouveau.`,
  joinedLead: (room) => html`Une invitation t’attendait : <bdi>${room}</bdi> te suit maintenant.`,
  memberLead: (room) => html`<bdi>${room}</bdi> suit déjà ce feed : pas besoin de frapper à la porte.`,
  yourFeed: 'Ton identifiant de feed :',
  thenConnect: 'Une fois ta demande acceptée',
  nowConnect: 'Connecte ton appli',
  connect: 'Dans ton appli, connecte-toi à cette adresse.',
  connectThen:
    'Dans ton appli, connecte-toi à cette adresse. Cela ne marche qu’une fois ta demande acceptée ; cette page ne te préviendra pas.',
}
