// SPDX-License-Identifier: AGPL-3.0-or-later
// French: what every page has.

import type { Words } from '../en.js'

export const site: Words['site'] = {
  footer: 'Un petit relais pour Secure Scuttlebutt.',
  language: 'Langue',
  skip: 'Aller au contenu',
  copy: 'Copier',
  copied: 'Copié',
  inClipboard: 'Copié dans le presse-papiers.',
  selected: 'Le texte est sélectionné : appuie sur Ctrl+C (Cmd+C sur Mac).',
  notSaved: 'Rien n’a été enregistré.',
  pleaseWait: 'Un peu de patience.',
  code: 'Code d’erreur :',
  optional: '(facultatif)',
}
