// SPDX-License-Identifier: AGPL-3.0-or-later
// German: error pages.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

const sayings: Words['errors']['sayings'] = {
  not_found: {
    title: 'Seite nicht gefunden',
    hint: 'Unter dieser Adresse gibt es keine Seite, oder du kannst sie nicht sehen. Prüfe die Adresse oder melde dich an.',
  },
  method_not_allowed: {
    title: 'Anfrage nicht möglich',
    hint: 'Diese Adresse nimmt solche Anfragen nicht an. Geh zurück und benutze die Links und Knöpfe der Seite.',
  },
  wrong_host: {
    title: 'Unbekannter Servername',
    hint: 'Dieser Server antwortet nicht unter dem Namen in deiner Adresszeile. Prüfe die Adresse.',
  },
  proxy_unproven: {
    title: 'Der Proxy ist noch nicht eingerichtet',
    hint: 'Der Webserver vor diesem Relay muss den Header X-Forwarded-Proto: https senden. Die Einstellungen für nginx, Caddy und Apache stehen in docs/run-it.md.',
  },
  not_allowed: {
    title: 'Nicht erlaubt',
    hint: 'Deine Rolle erlaubt das nicht, oder das Formular kam von einer anderen Website. Öffne die Seite hier und versuche es noch einmal.',
  },
  signed_out: { title: 'Du bist nicht angemeldet', hint: 'Melde dich an, um diese Seite zu sehen.' },
  sign_in_refused: {
    title: 'Anmeldung fehlgeschlagen',
    hint: 'Keine App eines Mitglieds hat die Anmeldung rechtzeitig bestätigt. Prüfe, ob deine App mit diesem Relay verbunden ist, und beginne noch einmal.',
  },
  link_void: {
    title: 'Link schon benutzt oder abgelaufen',
    hint: 'Ein Anmeldelink gilt einmal und nur kurze Zeit. Bitte um einen neuen.',
  },
  form_stale: {
    title: 'Formular veraltet',
    hint: 'Du hast dich nach dem Öffnen dieser Seite neu angemeldet, oder dein Browser sperrt Cookies. Öffne die Seite noch einmal.',
  },
  invite_unknown: {
    title: 'Einladung nicht gefunden',
    hint: 'Der Link ist unvollständig, oder die Einladung ist lange abgelaufen. Kopiere den ganzen Link oder bitte um eine neue Einladung.',
  },
  bad_feed_id: {
    title: 'Ungültige Feed-ID',
    hint: 'Eine Feed-ID besteht aus @, 44 Zeichen und .ed25519. Kopiere sie aus deiner App, geh zurück und versuche es noch einmal.',
  },
  bad_argument: {
    title: 'Ungültige Angabe',
    hint: 'In einem Feld des Formulars steht ein ungültiger Wert. Geh zurück und prüfe deine Angaben.',
  },
  not_following: {
    title: 'Kein Mitglied',
    hint: 'Dieser Feed ist kein Mitglied dieses Raums, oder nicht mehr. Prüfe die Feed-ID.',
  },
  already_following: {
    title: 'Schon Mitglied',
    hint: 'Das Relay folgt diesem Feed schon; du brauchst nichts zu tun.',
  },
  not_admitted: {
    title: 'Feed ist gesperrt',
    hint: 'Dieser Feed ist hier gesperrt. Die Moderation kann ihn in der Verwaltung entsperren.',
  },
  recovering: {
    title: 'Relay wird wiederhergestellt',
    hint: 'Das Relay wurde aus einer Sicherung wiederhergestellt und nimmt keine Änderungen an, bis es seinen neuesten Stand kennt. Versuche es in ein paar Minuten noch einmal.',
  },
  store_full: {
    title: 'Speicher ist voll',
    hint: 'Das Relay kann nichts mehr speichern. Sag den Leuten Bescheid, die es betreiben.',
  },
  last_admin: {
    title: 'Der Raum braucht einen Admin',
    hint: 'Du bist hier der einzige Admin. Gib die Rolle zuerst jemand anderem.',
  },
  body_too_large: {
    title: 'Formular zu groß',
    hint: 'Im Formular steht mehr Text, als dieses Relay annimmt. Geh zurück und kürze ihn.',
  },
  body_malformed: {
    title: 'Formular nicht lesbar',
    hint: 'Das Relay konnte nicht lesen, was dein Browser geschickt hat. Geh zurück, lade die Seite neu und versuche es noch einmal.',
  },
  invites_exhausted: {
    title: 'Zurzeit keine Einladungen mehr',
    hint: 'Das Relay vergibt nur eine begrenzte Zahl von Einladungen pro Stunde.',
  },
  quota_reached: {
    title: 'Zu viele Anfragen',
    hint: 'Die Grenze für diese Aktion ist erreicht. Bitte warte, bevor du es noch einmal versuchst.',
  },
  already_set_up: {
    title: 'Schon eingerichtet',
    hint: 'Dieser Raum hat schon einen Namen. Ändere ihn in der Verwaltung oder mit tidepool setup.',
  },
  matrix_off: {
    title: 'Der Vorraum ist ausgeschaltet',
    hint: 'Dieses Relay hat zurzeit keinen Vorraum auf Matrix. Der Betreiber kann ihn einschalten.',
  },
  matrix_refused: {
    title: 'Auf Matrix abgelehnt',
    hint: 'Der andere Server oder die Regeln des Vorraums erlauben das nicht. Prüfe das Konto und versuche es noch einmal.',
  },
  matrix_unreachable: {
    title: 'Matrix-Server nicht erreicht',
    hint: 'Der andere Server hat nicht geantwortet. Prüfe den Namen des Servers oder versuche es später noch einmal.',
  },
  busy: {
    title: 'Relay ist überlastet',
    hint: 'Zu viele Anfragen auf einmal. Versuche es in einer Minute noch einmal.',
  },
  internal: {
    title: 'Interner Fehler',
    hint: 'Das Relay konnte nicht antworten; es liegt nicht an dir. Versuche es in ein paar Minuten noch einmal, und wenn es dann nicht klappt, sag den Leuten Bescheid, die dieses Relay betreiben.',
  },
}

export const errors: Words['errors'] = {
  sayings,
  other: { title: 'Das hat nicht geklappt', hint: 'Geh zurück und versuche es noch einmal.' },
  instead: (address) =>
    html`Es antwortet unter <a href="${address}/">${address}</a>. Soll auch dieser Name gelten, trägt ihn der Betreiber in <code>web.names</code> ein.`,
  comeBack: (minutes) =>
    html`Versuche es in etwa <strong>${count(minutes, 'Minute', 'Minuten')}</strong> noch einmal.`,
  /** the label of the link, by its path */
  to: {
    '/': 'Zur Startseite',
    '/invite/': 'Zur Einladungsseite',
    '/login': 'Anmelden',
    '/dashboard': 'Zur Verwaltung',
  },
  words: {
    invite_unknown: 'Einladung unbekannt',
    invite_used_up: 'Einladung aufgebraucht',
    invite_expired: 'Einladung abgelaufen',
    already_following: 'Feed ist schon Mitglied',
    invite_malformed: 'Einladung fehlerhaft',
    not_admitted: 'kein Zutritt',
    not_allowed: 'nicht erlaubt',
    no_such_method: 'keine solche Methode',
    busy: 'überlastet, versuche es später',
    bad_argument: 'ungültige Angabe',
    bad_feed_id: 'ungültige Feed-ID',
    message_invalid: 'Nachricht ungültig',
    message_too_large: 'Nachricht zu groß',
    message_unwanted: 'Nachricht eines nicht angeforderten Feeds',
    feed_forked: 'Feed gegabelt',
    feed_full: 'Feed voll',
    store_full: 'Speicher voll',
    not_following: 'Feed ist kein Mitglied',
    quota_reached: 'Grenze erreicht',
    alias_taken: 'Name vergeben',
    alias_invalid: 'Name ungültig',
    signature_invalid: 'Signatur ungültig',
    not_attending: 'keine Verbindung möglich',
    tunnel_ended: 'Tunnel beendet',
    token_wrong: 'falsches Token',
    already_set_up: 'schon eingerichtet',
    signed_out: 'nicht angemeldet',
    sign_in_refused: 'Anmeldung abgelehnt',
    link_void: 'Anmeldelink ungültig',
    form_stale: 'Formular veraltet',
    last_admin: 'der letzte Admin kann nicht entfernt werden',
    captcha_wrong: 'falsche Antwort',
    captcha_missing: 'Rätsel abgelaufen oder schon benutzt',
    invites_exhausted: 'zurzeit keine Einladungen mehr',
    not_found: 'nicht gefunden',
    method_not_allowed: 'Methode nicht erlaubt',
    wrong_host: 'unbekannter Servername',
    proxy_unproven: 'der Proxy bestätigt kein HTTPS',
    body_too_large: 'Inhalt zu groß',
    body_malformed: 'Inhalt unlesbar',
    matrix_off: 'der Vorraum ist ausgeschaltet',
    matrix_refused: 'auf Matrix abgelehnt',
    matrix_unreachable: 'Matrix-Server nicht erreicht',
    peer_unreachable: 'anderes Relay nicht erreicht',
    config_invalid: 'Konfiguration ungültig',
    clock_unset: 'die Uhr ist noch nicht gestellt',
    data_unusable: 'Datenverzeichnis unbrauchbar',
    machine_unsupported: 'dieser Rechner wird nicht unterstützt',
    certificate_unusable: 'Zertifikat unbrauchbar',
    backup_unusable: 'Sicherung unbrauchbar',
    recovering: 'wird wiederhergestellt und kann noch nichts veröffentlichen',
    relay_running: 'ein Relay läuft schon',
    relay_not_running: 'es läuft kein Relay',
    address_unusable: 'Adresse kann nicht benutzt werden',
    internal: 'interner Fehler',
  },
}
