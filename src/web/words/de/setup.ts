// SPDX-License-Identifier: AGPL-3.0-or-later
// German: the set-up page of the first start.

import type { Words } from '../en.js'
import { html } from '../text.js'

export const setup: Words['setup'] = {
  title: 'Diesen Raum einrichten',
  lead: 'Das Relay läuft. Gib deinem Raum einen Namen.',
  seeBelow: 'Bitte korrigiere die markierten Felder.',
  token: 'Token',
  tokenHint: 'Du findest es am Ende des Einrichtungslinks, den das Relay beim Start ausgegeben hat.',
  tokenWrong:
    'Falsches Token. Jeder Start des Relays macht ein neues; tidepool setup zeigt den aktuellen Link.',
  keyOver: 'Die Seite war veraltet. Bitte prüfe sie und schick sie noch einmal ab.',
  name: 'Name des Raums',
  nameHint: (most) => `Wie die Leute den Raum nennen werden; höchstens ${most} Zeichen.`,
  nameMissing: 'Bitte gib einen Namen ein.',
  description: 'Beschreibung',
  descriptionHint: (most) => `Für wen der Raum ist und worum es geht; höchstens ${most} Zeichen.`,
  tooLong: (most, now) => `Höchstens ${most} Zeichen; du hast ${now} eingegeben.`,
  apps: 'Welche Apps werden benutzt?',
  ebt: 'Manyverse oder eine andere App, die mit EBT repliziert',
  ebtHint: 'Sonst bekommen diese Apps keine Feeds vom Relay. Delog und ältere Apps brauchen es nicht.',
  admin: 'Deine Feed-ID',
  adminHint: '@….ed25519, aus deiner Scuttlebutt-App: Damit wirst du das erste Mitglied und Admin.',
  adminMalformed: 'Eine Feed-ID besteht aus @, 44 Zeichen und .ed25519: Kopiere sie vollständig.',
  adminIsRelay: 'Das ist die ID des Relays selbst. Deine findest du in deiner App.',
  adminBlocked: 'Dieser Feed ist gesperrt. Entsperre ihn zuerst mit tidepool unblock.',
  open: 'Raum öffnen',
  later: html`Das alles kannst du später mit <code>tidepool setup</code> ändern, und wer beitreten kann, mit
<code>tidepool mode</code>. Zur Verwaltung kommst du über „Anmelden“: Deine App meldet dich an, sobald sie mit dem
Relay verbunden ist, oder <code>tidepool members link</code> mit deiner Feed-ID gibt einen Anmeldelink aus.`,
  ready: {
    title: (room) => `${room} ist bereit`,
    nobody: 'Bisher erreicht nur dieser Rechner den Raum.',
    nobodyHow:
      'Für andere braucht er eine Onion-Adresse (onion.enabled) oder eine öffentliche Domain und offene Ports: siehe „How others reach the relay“ in docs/run-it.md.',
    invite: 'Lade jemanden ein',
    inviteHow: 'Diese Einladung gilt für eine Person. Schick den Link, oder zeig das Bild.',
    reachedBy: (host) => html`Andere erreichen den Raum unter <code>${host}</code>.`,
    inviteLater: html`<code>tidepool invite create</code> gibt eine Einladung zum Verschicken aus.`,
    signIn: 'Du bist Admin dieses Raums. Sobald deine App mit dem Relay verbunden ist, meldet sie dich an.',
    noAdmin:
      'Der Raum hat noch keinen Admin, also kann niemand die Verwaltung öffnen. Der erste Befehl macht deine Feed-ID dazu, der zweite gibt einen Anmeldelink aus:',
    front: 'Zur Startseite',
  },
}
