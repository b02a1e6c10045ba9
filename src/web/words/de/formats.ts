// German: the forms in which an invite, a name or the room is handed over, and which apps take which.

import type { Words } from '../en.js'

export const formats: Words['formats'] = {
  all: 'Alle Wege, die Einladung zu benutzen',
  byHand: 'Von Hand: Geh in ein Feld, markiere alles, kopiere es.',
  picture: 'Als Bild zum Scannen zeigen',
  link: {
    label: 'Einladungslink',
    copy: 'Link kopieren',
    apps: 'Für Manyverse, Planetary und andere, die Räume kennen. Er führt zur Seite dieser Einladung.',
    qr: 'Der Einladungslink als QR-Code',
  },
  claim: {
    label: 'Link, der eine App öffnet',
    copy: 'App-Link kopieren',
    apps: 'Für dieselben Apps, wenn sie auf diesem Gerät sind: Der Browser gibt ihn weiter.',
    qr: 'Der Link, der eine App öffnet, als QR-Code',
  },
  code: {
    label: 'Einladungscode',
    copy: 'Code kopieren',
    apps: 'Für Delog, Manyverse, Patchwork, Oasis und andere, die Pub-Einladungen kennen: Füge ihn dort ein, wo die App nach einer Einladung fragt.',
    qr: 'Der Einladungscode als QR-Code',
  },
  address: {
    label: 'Adresse des Relays',
    copy: 'Adresse kopieren',
    apps: 'Für Apps, die nach der Adresse eines Servers fragen. Sie sagt, wo das Relay ist, und macht niemanden zum Mitglied.',
    qr: 'Die Adresse des Relays als QR-Code',
  },
  open: {
    label: 'Offene Einladung',
    copy: 'Offene Einladung kopieren',
    apps: 'Für Manyverse, Patchwork und andere, die Räume kennen: Füge sie dort ein, wo die App einen Raum oder Server hinzufügt.',
    qr: 'Die offene Einladung als QR-Code',
  },
  name: {
    label: 'Adresse dieser Seite',
    copy: 'Seitenadresse kopieren',
    apps: 'Für Manyverse, Planetary und andere, die Namen in Räumen kennen; und zum Weitergeben.',
    qr: 'Die Adresse dieser Seite als QR-Code',
  },
  connect: {
    label: 'Link, der eine App öffnet',
    copy: 'App-Link kopieren',
    apps: 'Für dieselben Apps, wenn sie auf diesem Gerät sind: Der Browser gibt ihn weiter.',
    qr: 'Der Link, der eine App öffnet, als QR-Code',
  },
}
