// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: the set-up page of the first start.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const setup: Words['setup'] = {
  title: 'Configura esta sala',
  lead: 'El servidor está en marcha. Ponle nombre a tu sala.',
  seeBelow: 'Corrige los campos marcados.',
  token: 'Token',
  tokenHint: 'Está al final del enlace de configuración que mostró el servidor al arrancar.',
  tokenWrong:
    'El token no es correcto. El servidor crea otro cada vez que arranca; tidepool setup muestra el enlace actual.',
  keyOver: 'La página había caducado. Revísala y envíala de nuevo.',
  name: 'Nombre',
  nameHint: (most) => `Cómo llamará la gente a la sala; máximo ${most} caracteres.`,
  nameMissing: 'Escribe un nombre.',
  description: 'Descripción',
  descriptionHint: (most) => `Para quién es la sala y de qué trata; máximo ${most} caracteres.`,
  tooLong: (most, now) => `Máximo ${most} caracteres; tu texto tiene ${now}.`,
  apps: '¿Qué apps usará la gente?',
  ebt: 'Manyverse u otra app que replica con EBT',
  ebtHint:
    'Sin esto, esas apps no reciben feeds del servidor. Delog y las apps más antiguas no lo necesitan.',
  admin: 'Tu ID de feed',
  adminHint: '@….ed25519, de tu app de Scuttlebutt: será el primer miembro, con el rol de admin.',
  adminMalformed: 'Un ID de feed es una @, 44 caracteres y .ed25519: cópialo completo.',
  adminIsRelay: 'Este es el ID del propio servidor. El tuyo está en tu app.',
  adminBlocked: 'Este feed está bloqueado. Desbloquéalo primero con tidepool unblock.',
  open: 'Abrir la sala',
  later: html`Todo esto se puede cambiar más adelante con <code>tidepool setup</code>, y quién puede unirse, con
<code>tidepool mode</code>. Para entrar en el panel, pulsa «Iniciar sesión»: basta con que tu app esté conectada al
servidor. También puedes crear un enlace de acceso con <code>tidepool members link</code> y tu ID de feed.`,
  ready: {
    title: (room) => `${room}: todo listo`,
    nobody: 'Por ahora solo este equipo puede llegar a la sala.',
    nobodyHow:
      'Para los demás necesita una dirección onion (onion.enabled), o un dominio público y puertos abiertos: mira «How others reach the relay» en docs/run-it.md.',
    invite: 'Invita a alguien',
    inviteHow: 'Esta invitación es para una persona. Envía el enlace o muestra la imagen.',
    reachedBy: (host) => html`Los demás llegan a la sala por <code>${host}</code>.`,
    inviteLater: html`<code>tidepool invite create</code> muestra una invitación para enviar.`,
    signIn:
      'Eres admin de esta sala. Cuando tu app esté conectada al servidor, iniciará tu sesión en el panel.',
    noAdmin:
      'La sala todavía no tiene admin, así que nadie puede abrir el panel. La primera orden da ese rol a tu ID de feed y la segunda muestra un enlace de acceso:',
    front: 'Ir a la página principal',
  },
}
