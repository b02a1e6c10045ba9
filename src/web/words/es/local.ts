// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: the pages for the local network.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

export const local: Words['local'] = {
  noToken: (minutes) => `Durante ${count(minutes, 'minuto', 'minutos')} más, esta página no pide el token.`,
  noTokenHow:
    'Estás en la misma red que el servidor. Hasta que acabe ese tiempo, cualquier dispositivo de esta red puede configurar la sala, una vez. Hazlo ahora.',
  needsToken: 'Esta página pide el token.',
  tokenWhere: html`Está al final del enlace de configuración. El enlace aparece en la pantalla de la placa y en el archivo
<code>tidepool.txt</code> de la partición de arranque de su tarjeta, que cualquier ordenador puede leer.`,
  tokenHint: 'La última parte del enlace de configuración, después de token=.',
  restart: 'O reinicia la placa: así, durante una hora, esta página no pide el token.',
  adminHint:
    '@….ed25519, de tu app de Scuttlebutt: será el primer miembro, con el rol de admin. Sin él nadie puede abrir el panel, y solo podrás añadirlo con un teclado o por SSH.',
  onlyHere: 'Por ahora solo esta red puede llegar a la sala.',
  onlyHereHow: 'La página principal de aquí muestra una dirección para todos en cuanto la haya.',
  inviteLater: 'Las invitaciones se crean en el panel.',
  lead: 'Esta página es para la red del servidor. Desde otras redes usa una de estas direcciones.',
  boardAt: (address) => html`Esta placa tiene la dirección <code>${address}</code> en esta red.`,
  addresses: 'Direcciones para todos',
  noAddress: 'La sala todavía no tiene una dirección que funcione desde otras redes.',
  waiting:
    'La dirección onion aparece aquí cuando Tor la haya publicado. Tarda unos minutos; luego vuelve a cargar esta página.',
  getAddress: html`Para tener una, pon <code>onion.enabled</code> o <code>domain.name</code> en la configuración.`,
  onion: {
    title: 'Dirección onion',
    how: 'Se abre en Tor Browser. Funciona desde cualquier lugar.',
    qr: 'La dirección onion como código QR',
  },
  https: {
    title: 'Dominio',
    how: 'Se abre en cualquier navegador.',
    qr: 'La dirección del dominio como código QR',
  },
  health: 'Estado',
  signIn: 'En esta red puedes iniciar sesión aquí, cuando tu app esté conectada al servidor.',
}
