// SPDX-License-Identifier: AGPL-3.0-or-later
// German: signing in and out.

import type { Words } from '../en.js'

export const signIn: Words['signIn'] = {
  title: 'Anmelden',
  lead: 'Deine Scuttlebutt-App meldet dich an: Es gibt kein Passwort.',
  open: 'Mit der App auf diesem Gerät anmelden',
  scan: 'Oder scanne diesen Code mit dem Telefon, auf dem deine App ist:',
  qr: 'Die Anmeldung als QR-Code',
  careful: 'Bestätige in deiner App nur eine Anmeldung, die du selbst begonnen hast.',
  afterwards: 'Sobald du in deiner App bestätigt hast, geht es hier von selbst weiter.',
  goOn: 'Ich habe bestätigt: weiter',
  uri: 'Die Anmeldung, zum Einfügen in die App',
  noApp: 'Wenn deine App das nicht kann, bitte die Leute, die dieses Relay betreiben, um einen Anmeldelink.',
  done: 'Du bist angemeldet',
  doneAs: 'Dieser Browser ist angemeldet als:',
  toDashboard: 'Zur Verwaltung',
  notYou: 'Das bist nicht du?',
  out: 'Abmelden',
  outLead: 'Dieser Browser wird abgemeldet; deine anderen Browser bleiben angemeldet.',
  linkLead: 'Dieser Link meldet diesen Browser an, ein einziges Mal.',
  signIn: 'Diesen Browser anmelden',
}
