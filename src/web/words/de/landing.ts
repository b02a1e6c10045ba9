// German: the front page.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const landing: Words['landing'] = {
  members: (n) => (n === 1 ? 'Mitglied' : 'Mitglieder'),
  online: 'gerade da',
  open: 'offen für Neue',
  community: 'eine Gemeinschaft: Neue klopfen an',
  comeIn: 'Komm herein',
  steps: [
    'Löse ein kleines Rätsel und du bekommst einen Einladungscode.',
    'Füge den Code in deine Scuttlebutt-App ein.',
    'Das Relay folgt dir, bewahrt deinen Feed auf und gibt ihn deinen Freunden, während du weg bist.',
  ],
  getInvite: 'Einladung holen',
  noApp: (url) =>
    html`Neu bei Scuttlebutt? Das ist ein soziales Netz ohne Firma in der Mitte: Was du schreibst, ist dein Feed; er liegt in einer App auf deinem eigenen Gerät und geht von Mensch zu Mensch. Eine App findest du auf <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>.`,
  visiting: 'Nur zu Besuch?',
  visitingHow:
    'Mit der offenen Einladung des Raums trifft deine App, wer gerade da ist. Von dir wird hier nichts aufbewahrt.',
  knock: 'Anklopfen',
  knockSteps: [
    'Löse ein kleines Rätsel.',
    'Hinterlasse deine Feed-ID und ein Wort über dich.',
    'Jemand, der schon hier ist, lässt dich herein.',
  ],
  knockHere: 'An die Tür klopfen',
  quicker: 'Wenn du ein Mitglied kennst, geht es mit einer Einladung von dort schneller.',
  identity: 'Identität dieses Relays',
  identityHow: 'Apps erkennen das Relay an diesem Schlüssel, wie auch immer seine Adresse lautet.',
}
