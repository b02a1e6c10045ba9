// German: what every page has.

import type { Words } from '../en.js'

export const site: Words['site'] = {
  footer: 'Ein kleines Relay für Secure Scuttlebutt.',
  language: 'Sprache',
  copy: 'Kopieren',
  copied: 'Kopiert',
  inClipboard: 'Es ist in der Zwischenablage.',
  selected: 'Es ist markiert: Drücke auf deiner Tastatur auf Kopieren.',
  notYet: 'Noch nicht.',
  lowTide: 'Ebbe.',
  code: 'Fehlercode:',
  ifYouLike: '(wenn du magst)',
}
