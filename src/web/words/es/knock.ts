// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: knocking, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const knock: Words['knock'] = {
  who: '¿Quién llama?',
  seeBelow: 'Corrige los campos marcados.',
  tooMany: (minutes) =>
    `Ya ha llamado demasiada gente. Pulsa el botón otra vez dentro de ${count(minutes, 'minuto', 'minutos')}, más o menos.`,
  feed: 'Tu ID de feed',
  feedHint: '@….ed25519: está en tu perfil, en tu app de Scuttlebutt.',
  feedMalformed: 'Un ID de feed es una @, 44 caracteres y .ed25519: cópialo de tu app.',
  feedIsRelay: 'Este es el ID del servidor. El tuyo está en tu app.',
  note: 'Preséntate',
  noteHint: (most) =>
    `¿Quién te conoce aquí? Máximo ${most} caracteres; si te dejan entrar, lo podrá leer todo el mundo.`,
  noteTooLong: (most, now) => `Máximo ${most} caracteres; tu texto tiene ${now}.`,
  knock: 'Llamar a la puerta',
  willRead: (room, days) =>
    html`Alguien de <strong><bdi>${room}</bdi></strong> lo leerá en un plazo de ${count(days, 'día', 'días')}.`,
  waiting: 'Estás en la lista de espera',
  joined: 'Ya estás dentro',
  member: 'Ya eres miembro',
  waitingLead: (room, days) =>
    html`Alguien de <bdi>${room}</bdi> leerá tu solicitud. Si nadie responde en ${count(days, 'día', 'días')}, puedes volver a llamar a la puerta.`,
  joinedLead: (room) => html`Te esperaba una invitación: <bdi>${room}</bdi> ya te sigue.`,
  memberLead: (room) => html`<bdi>${room}</bdi> ya sigue este feed: no hace falta que llames a la puerta.`,
  yourFeed: 'Tu ID de feed:',
  thenConnect: 'Cuando te dejen entrar',
  nowConnect: 'Conéctate ahora',
  connect: 'En tu app, conéctate a esta dirección.',
  connectThen:
    'En tu app, conéctate a esta dirección. Funcionará cuando te hayan dejado entrar; esta página no te avisa.',
}
