// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: the front page.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const landing: Words['landing'] = {
  members: (n) => (n === 1 ? 'miembro' : 'miembros'),
  online: 'en línea ahora',
  open: 'abierta a todo el mundo',
  community: 'una comunidad: quien llega llama a la puerta',
  comeIn: 'Únete',
  first: {
    picture: 'Resuelve un pequeño acertijo y consigue un código de invitación.',
    question: 'Responde a una pregunta y consigue un código de invitación.',
    none: 'Consigue un código de invitación.',
  },
  steps: [
    'Pega el código en tu app de Scuttlebutt.',
    'El servidor te sigue, guarda tu feed y se lo pasa a tus amistades mientras no tienes conexión.',
  ],
  getInvite: 'Conseguir una invitación',
  noApp: (url) =>
    html`¿No conoces Scuttlebutt? Es una red social sin una empresa en medio: lo que escribes se guarda en una app, en tu propio dispositivo, y pasa de persona a persona. Busca una app en <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>.`,
  visiting: '¿Solo de visita?',
  visitingHow:
    'Con la invitación abierta, tu app se encuentra con quienes están en línea. Aquí no se guarda nada tuyo.',
  knock: 'Llama a la puerta',
  firstKnock: { picture: 'Resuelve un pequeño acertijo.', question: 'Responde a una pregunta.' },
  knockSteps: ['Deja tu ID de feed y preséntate.', 'Un miembro te abre la puerta.'],
  knockHere: 'Llamar a la puerta',
  quicker: 'Si conoces a un miembro, con su invitación entrarás antes.',
  identity: 'Identidad de este servidor',
  identityHow: 'Las apps reconocen el servidor por esta clave, aunque cambie su dirección.',
}
