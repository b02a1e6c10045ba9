// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: the page of an alias.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const alias: Words['alias'] = {
  title: (name, room) => `${name} en ${room}`,
  lead: (name, room) =>
    html`Aquí tu app se conecta con <strong>${name}</strong>, miembro de <bdi>${room}</bdi>.`,
  connect: 'Conectar conmigo',
  connectHint:
    '¿No pasa nada? Entonces ninguna app de este dispositivo abre estos enlaces: prueba otra de las formas de más abajo.',
  online: html`<strong>En línea ahora.</strong>`,
  offline: (name) =>
    html`<strong>Sin conexión en este momento.</strong> Tu app llega a ${name} cuando las dos partes están en línea. Vuelve a intentarlo más tarde.`,
  friends: (name) =>
    `Algunas apps solo aceptan a personas que ya siguen. Si no funciona, pide a ${name} que te siga.`,
  openRoom: 'Esta sala está abierta: tu app puede conectarse sin invitación.',
  community:
    'Esta sala es de una comunidad: puedes conectarte con este miembro, pero no ves quién más está en línea.',
  install: 'Qué necesitas',
  noApp: (url) =>
    html`Necesitas una app que admita alias de sala, como <a href="${url}" rel="noreferrer">Manyverse</a>. Instálala, ábrela una vez y vuelve a esta página.`,
  ways: 'Todas las formas de conectarse',
  id: 'ID de feed de este alias',
  idHint: 'Con este ID, tu app se asegura de que habla con la persona correcta.',
}
