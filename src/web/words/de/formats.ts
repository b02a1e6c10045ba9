// SPDX-License-Identifier: AGPL-3.0-or-later
// German: the forms of an invite, an alias or the room's address, and which apps take which.

import type { Words } from '../en.js'

export const formats: Words['formats'] = {
  all: 'Alle Wege, die Einladung zu benutzen',
  byHand: 'Oder markiere den Text und kopiere ihn.',
  picture: 'QR-Code zeigen',
  link: {
    label: 'Einladungslink',
    copy: 'Link kopieren',
    apps: 'Für Manyverse, Planetary und andere Apps, die Räume unterstützen. Er öffnet die Seite dieser Einladung.',
    qr: 'Der Einladungslink als QR-Code',
  },
  claim: {
    label: 'Link, der eine App öffnet',
    copy: 'App-Link kopieren',
    apps: 'Für dieselben Apps, wenn sie auf diesem Gerät installiert sind.',
    qr: 'Der Link, der eine App öffnet, als QR-Code',
  },
  code: {
    label: 'Einladungscode',
    copy: 'Code kopieren',
    apps: 'Für Delog, Manyverse, Patchwork, Oasis und andere Apps, die Pub-Einladungen unterstützen: Füge ihn dort ein, wo die App nach einer Einladung fragt.',
    qr: 'Der Einladungscode als QR-Code',
  },
  address: {
    label: 'Adresse des Relays',
    copy: 'Adresse kopieren',
    apps: 'Für Apps, die nach einer Serveradresse fragen. Sie sagt, wo das Relay ist; Mitglied wirst du damit nicht.',
    qr: 'Die Adresse des Relays als QR-Code',
  },
  open: {
    label: 'Offene Einladung',
    copy: 'Offene Einladung kopieren',
    apps: 'Für Manyverse, Patchwork und andere Apps, die Räume unterstützen: Füge sie dort ein, wo die App einen Raum oder Server hinzufügt.',
    qr: 'Die offene Einladung als QR-Code',
  },
  name: {
    label: 'Adresse dieser Seite',
    copy: 'Seitenadresse kopieren',
    apps: 'Für Manyverse, Planetary und andere Apps, die Namen in Räumen unterstützen, und zum Weitergeben.',
    qr: 'Die Adresse dieser Seite als QR-Code',
  },
  connect: {
    label: 'Link, der eine App öffnet',
    copy: 'App-Link kopieren',
    apps: 'Für dieselben Apps, wenn sie auf diesem Gerät installiert sind.',
    qr: 'Der Link, der eine App öffnet, als QR-Code',
  },
}
