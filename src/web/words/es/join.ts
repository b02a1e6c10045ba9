// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: the page of an invite link, and its results.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const join: Words['join'] = {
  title: (room) => `Únete a ${room}`,
  lead: (room) =>
    html`Tienes una invitación: <bdi>${room}</bdi> te seguirá, guardará tu feed y se lo pasará a tus amistades mientras no tengas conexión.`,
  openApp: 'Abrir en mi app',
  openAppHint:
    '¿No pasa nada? Entonces ninguna app de este dispositivo abre estos enlaces: prueba otra de las formas de más abajo.',
  good: (uses, days, until) =>
    html`La invitación vale para ${count(uses, 'persona', 'personas')} durante ${count(days, 'día', 'días')}, hasta el <time datetime="${until}">${until}</time>.`,
  directed: 'Solo sirve para un ID de feed concreto.',
  withoutApp: 'Unirte con tu ID de feed',
  withoutAppHow:
    'Si tu app no admite enlaces ni códigos, escribe aquí tu ID de feed y después conéctate al servidor con su dirección.',
  id: 'Tu ID de feed',
  idHint: '@….ed25519: está en tu perfil, en tu app de Scuttlebutt.',
  wrongId: {
    malformed: 'Un ID de feed es una @, 44 caracteres y .ed25519: copia el tuyo de tu app.',
    refused: 'Esta invitación es para otro ID de feed. Comprueba que el ID sea el tuyo y esté completo.',
  },
  letMeIn: 'Unirme',
  keep: 'No compartas la invitación: entra la primera persona que la use.',
  noApp: (url) =>
    html`¿Aún no tienes una app? Busca una en <a href="${url}" rel="noreferrer">scuttlebutt.nz</a> y vuelve a esta página.`,
  claimed: 'Alguien acaba de usar esta invitación',
  claimedHow: (room) => html`Si fuiste tú, <bdi>${room}</bdi> ya te sigue: vuelve a tu app.`,
  joined: 'Ya estás dentro',
  joinedHow: (room) =>
    html`<bdi>${room}</bdi> ya te sigue. En tu app, conéctate a esta dirección; algunas apps lo hacen solas.`,
  ended: {
    'used up': {
      title: 'Esta invitación está agotada',
      hint: 'Ya se usó todas las veces permitidas. Si la usaste tú, ya estás dentro: vuelve a tu app.',
    },
    expired: { title: 'Esta invitación ha caducado', hint: 'No se usó a tiempo.' },
    revoked: {
      title: 'Esta invitación está anulada',
      hint: 'La anuló el miembro que la creó o la moderación.',
    },
  },
  another: 'Pide otra a quien te la envió.',
  getAnother: 'Ver otras formas de unirte',
}
