// German: signing in and out.

import type { Words } from '../en.js'

export const signIn: Words['signIn'] = {
  title: 'Anmelden',
  lead: 'Deine Scuttlebutt-App meldet dich an: Es gibt kein Passwort.',
  open: 'Mit der App auf diesem Gerät anmelden',
  scan: 'Oder scanne dies mit dem Telefon, auf dem deine App ist:',
  qr: 'Die Anmeldung als QR-Code',
  careful: 'Bestätige in deiner App nur eine Anmeldung, die du selbst begonnen hast.',
  afterwards: 'Sobald deine App zugestimmt hat, geht es hier von selbst weiter.',
  goOn: 'Ich habe zugestimmt: weiter',
  uri: 'Die Anmeldung, zum Einfügen in die App',
  noApp: 'Wenn deine App das nicht kann, bitte die Leute, die das Relay betreiben, um einen Anmeldelink.',
  done: 'Du bist angemeldet',
  doneAs: 'Dieser Browser gehört nun zu:',
  toDashboard: 'Zur Übersicht',
  notYou: 'Das bist nicht du?',
  out: 'Abmelden',
  outLead: 'Dieser Browser wird nicht mehr erkannt. Andere bleiben angemeldet.',
  linkLead: 'Dieser Link meldet diesen Browser an, ein einziges Mal.',
  signIn: 'Diesen Browser anmelden',
  members: 'Mitglieder:',
}
