// SPDX-License-Identifier: AGPL-3.0-or-later
// Portuguese: what every page has.

import type { Words } from '../en.js'

export const site: Words['site'] = {
  footer: 'Um pequeno relay para Secure Scuttlebutt.',
  language: 'Idioma',
  skip: 'Ir para o conteúdo',
  copy: 'Copiar',
  copied: 'Copiado',
  inClipboard: 'Copiado para a área de transferência.',
  selected: 'O texto está selecionado: pressione Ctrl+C (Cmd+C no Mac).',
  notSaved: 'Nada foi salvo.',
  pleaseWait: 'Aguarde.',
  code: 'Código do erro:',
  optional: '(opcional)',
}
