// SPDX-License-Identifier: AGPL-3.0-or-later
// French: knocking, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const knock: Words['knock'] = {
  who: 'Qui frappe ?',
  seeBelow: 'Corrige les champs marqués.',
  tooMany: (minutes) =>
    `Trop de monde a frappé. Appuie de nouveau sur le bouton dans ${count(minutes, 'minute', 'minutes')} environ.`,
  feed: 'Ton identifiant de feed',
  feedHint: '@….ed25519 : il est sur ton profil dans ton appli Scuttlebutt.',
  feedMalformed: 'Un identifiant de feed, c’est un @, 44 caractères et .ed25519 : copie-le depuis ton appli.',
  feedIsRelay: 'C’est l’identifiant du relais. Le tien est dans ton appli.',
  note: 'Présente-toi',
  noteHint: (most) =>
    `Qui te connaît ici ? ${most} caractères au plus ; si on te fait entrer, tout le monde pourra le lire.`,
  noteTooLong: (most, now) => `${most} caractères au plus ; tu en as écrit ${now}.`,
  knock: 'Frapper',
  willRead: (room, days) =>
    html`Quelqu’un de <strong><bdi>${room}</bdi></strong> le lira dans un délai de ${count(days, 'jour', 'jours')}.`,
  waiting: 'Tu es sur la liste d’attente',
  joined: 'Tu es maintenant membre',
  member: 'Tu es déjà membre',
  waitingLead: (room, days) =>
    html`Quelqu’un de <bdi>${room}</bdi> lira ta demande. Si personne ne répond dans un délai de ${count(days, 'jour', 'jours')}, tu peux frapper encore une fois.`,
  joinedLead: (room) => html`Une invitation t’attendait : <bdi>${room}</bdi> te suit maintenant.`,
  memberLead: (room) => html`<bdi>${room}</bdi> suit déjà ce feed : tu n’as pas besoin de frapper.`,
  yourFeed: 'Ton identifiant de feed :',
  thenConnect: 'Quand on t’aura fait entrer',
  nowConnect: 'Connecte-toi maintenant',
  connect: 'Dans ton appli, connecte-toi à cette adresse.',
  connectThen:
    'Dans ton appli, connecte-toi à cette adresse. Elle marche dès qu’on t’a fait entrer ; cette page ne te le dira pas.',
}
