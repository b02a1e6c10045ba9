// SPDX-License-Identifier: AGPL-3.0-or-later
// German: the front page.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const landing: Words['landing'] = {
  members: (n) => (n === 1 ? 'Mitglied' : 'Mitglieder'),
  online: 'gerade online',
  open: 'offen für Neue',
  community: 'eine Gemeinschaft: Neue klopfen an',
  comeIn: 'Komm herein',
  first: {
    picture: 'Löse ein kleines Rätsel und hol dir einen Einladungscode.',
    question: 'Beantworte eine Frage und hol dir einen Einladungscode.',
    none: 'Hol dir einen Einladungscode.',
  },
  steps: [
    'Füge den Code in deine Scuttlebutt-App ein.',
    'Das Relay folgt dir, speichert deinen Feed und gibt ihn an deine Freunde weiter, während du offline bist.',
  ],
  getInvite: 'Einladung holen',
  noApp: (url) =>
    html`Neu bei Scuttlebutt? Das ist ein soziales Netzwerk ohne Firma in der Mitte: Was du schreibst, liegt in einer App auf deinem eigenen Gerät und wandert von Freund zu Freund. Eine App findest du auf <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>.`,
  visiting: 'Nur zu Besuch?',
  visitingHow:
    'Mit der offenen Einladung trifft deine App die Leute, die gerade online sind. Von dir wird hier nichts gespeichert.',
  knock: 'Anklopfen',
  firstKnock: { picture: 'Löse ein kleines Rätsel.', question: 'Beantworte eine Frage.' },
  knockSteps: ['Hinterlasse deine Feed-ID und stell dich vor.', 'Ein Mitglied lässt dich herein.'],
  knockHere: 'An die Tür klopfen',
  quicker: 'Wenn du ein Mitglied kennst, geht es mit dessen Einladung schneller.',
  identity: 'Identität dieses Relays',
  identityHow: 'Apps erkennen das Relay an diesem Schlüssel, auch wenn sich seine Adresse ändert.',
}
