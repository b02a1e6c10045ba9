// SPDX-License-Identifier: AGPL-3.0-or-later
// Spanish: what every page has.

import type { Words } from '../en.js'

export const site: Words['site'] = {
  footer: 'Un pequeño servidor para Secure Scuttlebutt.',
  language: 'Idioma',
  skip: 'Saltar al contenido',
  copy: 'Copiar',
  copied: 'Copiado',
  inClipboard: 'Copiado al portapapeles.',
  selected: 'El texto está seleccionado: pulsa Ctrl+C (Cmd+C en un Mac).',
  notSaved: 'No se guardó nada.',
  pleaseWait: 'Espera un poco.',
  code: 'Código de error:',
  optional: '(opcional)',
}
