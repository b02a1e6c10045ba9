// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: the forms of an invite, an alias or the room's address, and which apps take which.

import type { Words } from '../en.js'

export const formats: Words['formats'] = {
  all: 'Todas las formas de usar la invitación',
  byHand: 'O selecciona el texto y cópialo.',
  picture: 'Mostrar código QR',
  link: {
    label: 'Enlace de invitación',
    copy: 'Copiar enlace',
    apps: 'Para Manyverse, Planetary y otras apps que admiten salas. El enlace abre la página de esta invitación.',
    qr: 'Código QR del enlace de invitación',
  },
  claim: {
    label: 'Enlace que abre una app',
    copy: 'Copiar enlace de app',
    apps: 'Para las mismas apps, si están instaladas en este dispositivo.',
    qr: 'Código QR del enlace que abre una app',
  },
  code: {
    label: 'Código de invitación',
    copy: 'Copiar código',
    apps: 'Para Delog, Manyverse, Patchwork, Oasis y otras apps que admiten invitaciones de pub: pégalo donde la app pida una invitación.',
    qr: 'Código QR del código de invitación',
  },
  address: {
    label: 'Dirección del servidor',
    copy: 'Copiar dirección',
    apps: 'Para apps que piden la dirección de un servidor. Solo indica dónde está; no te convierte en miembro.',
    qr: 'Código QR de la dirección del servidor',
  },
  open: {
    label: 'Invitación abierta',
    copy: 'Copiar invitación abierta',
    apps: 'Para Manyverse, Patchwork y otras apps que admiten salas: pégala donde la app añade una sala o un servidor.',
    qr: 'Código QR de la invitación abierta',
  },
  name: {
    label: 'Dirección de esta página',
    copy: 'Copiar dirección',
    apps: 'Para compartir, y para Manyverse, Planetary y otras apps que admiten alias de sala.',
    qr: 'Código QR de la dirección de esta página',
  },
  connect: {
    label: 'Enlace que abre una app',
    copy: 'Copiar enlace de app',
    apps: 'Para las mismas apps, si están instaladas en este dispositivo.',
    qr: 'Código QR del enlace que abre una app',
  },
}
