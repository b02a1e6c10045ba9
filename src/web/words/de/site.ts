// SPDX-License-Identifier: AGPL-3.0-or-later
// German: what every page has.

import type { Words } from '../en.js'

export const site: Words['site'] = {
  footer: 'Ein kleines Relay für Secure Scuttlebutt.',
  language: 'Sprache',
  skip: 'Zum Inhalt springen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  inClipboard: 'In die Zwischenablage kopiert.',
  selected: 'Der Text ist markiert: Drücke Strg+C (Cmd+C auf dem Mac).',
  notSaved: 'Es wurde nichts gespeichert.',
  pleaseWait: 'Bitte warte.',
  code: 'Fehlercode:',
  optional: '(optional)',
}
