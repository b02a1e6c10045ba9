// German: the first run's questions.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const setup: Words['setup'] = {
  title: 'Diesen Raum einrichten',
  lead: 'Das Relay läuft. Sag den Leuten, was es ist, und es gehört ihnen.',
  nothingChanged: 'Es wurde nichts geändert; bitte sieh nach, was unten markiert ist.',
  token: 'Schlüsselwort',
  tokenHint: 'Es steht in dem, was das Relay beim Start ausgegeben hat, am Ende des Einrichtungslinks.',
  tokenWrong: 'Das ist nicht das Schlüsselwort. Jeder Start des Relays gibt ein anderes aus.',
  name: 'Name des Raums',
  nameHint: (most) => `Wie die Leute den Raum nennen werden; höchstens ${most} Zeichen.`,
  nameMissing: 'Ein Raum braucht einen Namen.',
  description: 'Beschreibung',
  descriptionHint: (most) => `Für wen er ist und was dort geschieht; höchstens ${most} Zeichen.`,
  tooLong: (most, now) => `Höchstens ${most} Zeichen; das sind ${now}.`,
  admin: 'Deine Feed-ID',
  adminHint: '@….ed25519, aus deiner Scuttlebutt-App: Das Relay folgt ihr, und sie darf den Raum verwalten.',
  adminMalformed: 'Eine Feed-ID besteht aus @, 44 Zeichen und .ed25519: Kopiere sie ganz.',
  adminIsRelay: 'Das ist die ID des Relays selbst.',
  adminBlocked: 'Dieser ID darf das Relay nicht folgen: Sie ist gesperrt.',
  open: 'Den Raum öffnen',
  later: html`Alles lässt sich später mit <code>tidepool setup</code> ändern, und wer hereindarf, mit
<code>tidepool mode</code>. Zur Verwaltung geht es über „Anmelden“: Deine App meldet dich dort an, sobald sie mit dem
Relay verbunden ist, oder <code>tidepool members link</code> mit deiner Feed-ID gibt dir einen Link.`,
}
