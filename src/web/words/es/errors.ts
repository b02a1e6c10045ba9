// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: error pages.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

const sayings: Words['errors']['sayings'] = {
  not_found: {
    title: 'Página no encontrada',
    hint: 'No hay ninguna página en esta dirección, o no puedes verla. Revisa la dirección o inicia sesión.',
  },
  method_not_allowed: {
    title: 'Petición no admitida',
    hint: 'Esta dirección no admite este tipo de petición. Vuelve atrás y usa los enlaces y botones de la página.',
  },
  wrong_host: {
    title: 'Nombre de servidor desconocido',
    hint: 'Este servidor no responde al nombre que aparece en la barra de direcciones. Revisa la dirección.',
  },
  proxy_unproven: {
    title: 'El proxy aún no está configurado',
    hint: 'El servidor web que está delante de Tidepool debe enviar la cabecera X-Forwarded-Proto: https. La configuración para nginx, Caddy y Apache está en docs/run-it.md.',
  },
  not_allowed: {
    title: 'No permitido',
    hint: 'Tu rol no lo permite, o el formulario venía de otro sitio. Abre la página aquí y vuelve a intentarlo.',
  },
  signed_out: { title: 'No has iniciado sesión', hint: 'Inicia sesión para ver esta página.' },
  sign_in_refused: {
    title: 'No se pudo iniciar sesión',
    hint: 'Ninguna app de un miembro confirmó el inicio de sesión a tiempo. Comprueba que tu app esté conectada a este servidor y empieza de nuevo.',
  },
  link_void: {
    title: 'Enlace ya usado o caducado',
    hint: 'Un enlace de acceso sirve una sola vez y por poco tiempo. Pide otro.',
  },
  form_stale: {
    title: 'Formulario caducado',
    hint: 'Iniciaste sesión de nuevo después de abrir esta página, o tu navegador bloquea las cookies. Abre la página otra vez.',
  },
  invite_unknown: {
    title: 'Invitación no encontrada',
    hint: 'El enlace está incompleto, o la invitación caducó hace mucho. Copia el enlace entero o pide otra invitación.',
  },
  bad_feed_id: {
    title: 'ID de feed no válido',
    hint: 'Un ID de feed es una @, 44 caracteres y .ed25519. Cópialo de tu app, vuelve atrás e inténtalo de nuevo.',
  },
  bad_argument: {
    title: 'Dato no válido',
    hint: 'Un campo del formulario tiene un valor que no sirve. Vuelve atrás y revisa lo que escribiste.',
  },
  not_following: {
    title: 'No es miembro',
    hint: 'Este feed no es miembro de esta sala, o ya no lo es. Revisa el ID de feed.',
  },
  already_following: {
    title: 'Ya es miembro',
    hint: 'El servidor ya sigue este feed: no hay nada más que hacer.',
  },
  not_admitted: {
    title: 'Feed bloqueado',
    hint: 'Este feed está bloqueado aquí. La moderación puede desbloquearlo en el panel.',
  },
  recovering: {
    title: 'El servidor se está recuperando',
    hint: 'El servidor se restauró desde una copia de seguridad y no acepta cambios hasta conocer su estado más reciente. Vuelve a intentarlo en unos minutos.',
  },
  store_full: {
    title: 'Almacenamiento lleno',
    hint: 'El servidor no puede guardar nada más. Avisa a quienes lo gestionan.',
  },
  last_admin: {
    title: 'La sala necesita al menos un admin',
    hint: 'Nadie más tiene el rol de admin. Dáselo primero a otra persona.',
  },
  body_too_large: {
    title: 'Formulario demasiado largo',
    hint: 'El formulario tiene más texto del que acepta este servidor. Vuelve atrás y acórtalo.',
  },
  body_malformed: {
    title: 'Formulario ilegible',
    hint: 'El servidor no pudo leer lo que envió tu navegador. Vuelve atrás, recarga la página e inténtalo de nuevo.',
  },
  invites_exhausted: {
    title: 'Por ahora no quedan invitaciones',
    hint: 'El servidor da un número limitado de invitaciones por hora.',
  },
  quota_reached: {
    title: 'Demasiadas peticiones',
    hint: 'Se alcanzó el límite para esta acción. Espera un poco antes de volver a intentarlo.',
  },
  already_set_up: {
    title: 'La sala ya está configurada',
    hint: 'Esta sala ya tiene nombre. Cámbialo en el panel o con tidepool setup.',
  },
  matrix_off: {
    title: 'El vestíbulo está apagado',
    hint: 'Este servidor no tiene vestíbulo en Matrix por ahora. Quien lo gestiona puede activarlo.',
  },
  matrix_refused: {
    title: 'Rechazado en Matrix',
    hint: 'El otro servidor o las reglas del vestíbulo no lo permiten. Revisa el nombre de la cuenta e inténtalo de nuevo.',
  },
  matrix_unreachable: {
    title: 'El servidor de Matrix no responde',
    hint: 'El otro servidor no contestó. Revisa su nombre o vuelve a intentarlo más tarde.',
  },
  busy: {
    title: 'Servidor ocupado',
    hint: 'Demasiadas peticiones a la vez. Vuelve a intentarlo en un minuto.',
  },
  internal: {
    title: 'Error interno',
    hint: 'El servidor no pudo responder; no es culpa tuya. Vuelve a intentarlo en unos minutos y, si falla otra vez, avisa a quienes lo gestionan.',
  },
}

export const errors: Words['errors'] = {
  sayings,
  other: { title: 'No funcionó', hint: 'Vuelve atrás e inténtalo de nuevo.' },
  comeBack: (minutes) =>
    html`Vuelve a intentarlo dentro de <strong>${count(minutes, 'minuto', 'minutos')}</strong>, más o menos.`,
  instead: (address) =>
    html`Responde en <a href="${address}/">${address}</a>. Para que también sirva este nombre, hay que añadirlo a <code>web.names</code> en el servidor.`,
  /** the label of the link, by its path */
  to: {
    '/': 'Ir a la portada',
    '/invite/': 'Ir a la página de invitaciones',
    '/login': 'Iniciar sesión',
    '/dashboard': 'Ir al panel',
  },
  words: {
    invite_unknown: 'invitación desconocida',
    invite_used_up: 'invitación agotada',
    invite_expired: 'invitación caducada',
    already_following: 'el feed ya es miembro',
    invite_malformed: 'invitación con formato incorrecto',
    not_admitted: 'sin acceso',
    not_allowed: 'no permitido',
    no_such_method: 'no existe ese método',
    busy: 'servidor ocupado, inténtalo más tarde',
    bad_argument: 'dato no válido',
    bad_feed_id: 'ID de feed no válido',
    message_invalid: 'mensaje no válido',
    message_too_large: 'mensaje demasiado largo',
    message_unwanted: 'mensaje de un feed no solicitado',
    feed_forked: 'feed bifurcado',
    feed_full: 'feed lleno',
    store_full: 'almacenamiento lleno',
    not_following: 'el feed no es miembro',
    quota_reached: 'límite alcanzado',
    alias_taken: 'alias ya ocupado',
    alias_invalid: 'alias no válido',
    signature_invalid: 'firma no válida',
    not_attending: 'no se pudo conectar',
    tunnel_ended: 'túnel cerrado',
    token_wrong: 'token incorrecto',
    already_set_up: 'la sala ya está configurada',
    signed_out: 'sin sesión iniciada',
    sign_in_refused: 'inicio de sesión rechazado',
    link_void: 'enlace de acceso no válido',
    form_stale: 'formulario caducado',
    last_admin: 'no se puede quitar al último admin',
    captcha_wrong: 'respuesta incorrecta',
    captcha_missing: 'acertijo caducado o ya usado',
    invites_exhausted: 'por ahora no quedan invitaciones',
    not_found: 'no encontrado',
    method_not_allowed: 'método no permitido',
    wrong_host: 'nombre de servidor desconocido',
    proxy_unproven: 'el proxy no confirma https',
    body_too_large: 'contenido demasiado largo',
    body_malformed: 'contenido ilegible',
    matrix_off: 'el vestíbulo está apagado',
    matrix_refused: 'rechazado por el otro servidor o por las reglas de la sala',
    matrix_unreachable: 'el servidor de Matrix no responde',
    peer_unreachable: 'el otro servidor no responde',
    config_invalid: 'configuración no válida',
    clock_unset: 'el reloj aún no está en hora',
    data_unusable: 'el directorio de datos no sirve',
    machine_unsupported: 'este equipo no es compatible',
    certificate_unusable: 'el certificado no sirve',
    backup_unusable: 'la copia de seguridad no sirve',
    recovering: 'recuperándose, aún no puede publicar',
    relay_running: 'ya hay un servidor en marcha',
    relay_not_running: 'no hay ningún servidor en marcha',
    address_unusable: 'no se puede usar esta dirección',
    internal: 'error interno',
  },
}
