// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: the relay's warnings, by code.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const warnings: Words['warnings'] = {
  recovering: 'El relay se ha restaurado y aún se está recuperando. Hasta que termine, nadie puede unirse.',
  clock_unconfirmed:
    'La hora no está confirmada. No se borra nada de lo que ha caducado, y las invitaciones nuevas caducan según el tiempo de funcionamiento, no según la fecha.',
  store_high: (percent) =>
    html`El almacén está al ${percent} %. Al 100 % se rechazan los mensajes nuevos (<code>store.max_bytes</code>).`,
  disk_low: (mib) => `Quedan ${mib} MiB en el disco. Sin espacio se rechazan los mensajes nuevos.`,
  descriptors_high: (open, limit) =>
    html`Se usan ${open} de ${limit} descriptores de archivo: aumenta <code>LimitNOFILE</code> o <code>ulimit -n</code>.`,
  local_pages_closed: 'No hay páginas para la red local.',
  proxy_misconfigured: 'El proxy inverso está mal configurado.',
  certificate_expired: 'El certificado ha caducado.',
  certificate_not_yet_valid: 'Según este reloj, el certificado todavía no es válido.',
  certificate_missing: 'Todavía no hay certificado.',
  certificate_ends: (days) => `El certificado caduca en ${count(days, 'día', 'días')}.`,
  https_problem: 'Hay un problema con HTTPS.',
  onion_problem: (state) => html`Hay un problema con la dirección onion: <code>${state}</code>.`,
  backup_old: (days) =>
    html`La última copia de seguridad es de hace ${count(days, 'día', 'días')}: comprueba si su temporizador funciona o ejecuta <code>tidepool backup FILE</code>.`,
  relays_lost: (n: number) =>
    html`${count(n, 'otro servidor lleva', 'otros servidores llevan')} un día sin conexión o no aceptan feeds; allí no hay mensajes nuevos: consulta <code>tidepool peer list</code>.`,
  ebt_off: (members) =>
    html`Las apps de ${count(members, 'miembro', 'miembros')} piden EBT, que está desactivado. No reciben feeds de este relay; quien administra puede activar EBT en «Sala».`,
  web_invites_reached: (times) =>
    html`Se ha alcanzado el límite de invitaciones por hora, ${count(times, 'vez', 'veces')} desde el arranque. Si son demasiados desconocidos, pon una pregunta o cambia el modo en «Sala»; si no, aumenta <code>invite.per_hour</code>.`,
  limit_reached: (limit, times) =>
    html`Límite alcanzado en la última hora: <code>${limit}</code>, ${count(times, 'vez', 'veces')} desde el arranque.`,
}
