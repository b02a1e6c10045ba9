// German: errors as pages tell them.

import type { Words } from '../en.js'
import { count, html } from '../text.js'

const sayings: Words['errors']['sayings'] = {
  not_found: {
    title: 'Nichts in diesem Becken',
    hint: 'Eine solche Seite gibt es hier nicht, oder nicht für dich.',
  },
  method_not_allowed: { title: 'So nicht', hint: 'Auf diese Weise lässt sich die Seite nicht aufrufen.' },
  wrong_host: {
    title: 'Falsches Ufer',
    hint: 'Dieser Server hört nicht auf den Namen, den du verwendet hast. Prüfe die Adresse.',
  },
  proxy_unproven: {
    title: 'Der Proxy ist noch nicht eingerichtet',
    hint: 'Der Webserver vor diesem Relay muss den Header X-Forwarded-Proto: https senden. Wie das geht, steht in docs/operating.md unter „A reverse proxy in front“.',
  },
  not_allowed: {
    title: 'Nicht von dort',
    hint: 'Bitte benutze das Formular auf unserer eigenen Seite. Wenn du das getan hast, reicht deine Rolle nicht so weit.',
  },
  signed_out: { title: 'Wer ist da?', hint: 'Du bist nicht angemeldet, oder nicht mehr.' },
  sign_in_refused: {
    title: 'Nicht angemeldet',
    hint: 'Keine App eines Mitglieds hat rechtzeitig zugestimmt, oder diese Anmeldung ist verbraucht. Ist deine App mit diesem Relay verbunden? Beginne neu.',
  },
  link_void: {
    title: 'Ein verbrauchter Schlüssel',
    hint: 'Dieser Anmeldelink wurde schon benutzt oder ist zu alt. Bitte um einen neuen.',
  },
  form_stale: {
    title: 'Ein altes Formular',
    hint: 'Dieser Browser hat sich neu angemeldet, seit die Seite entstand, oder er behält keine Cookies. Öffne die Seite noch einmal.',
  },
  invite_unknown: {
    title: 'Keine solche Einladung',
    hint: 'Dieser Link führt zu keiner Einladung, oder zu einer, die lange vorbei ist. Ist er ganz? Frag die Person, von der du ihn hast.',
  },
  bad_feed_id: {
    title: 'Keine Feed-ID',
    hint: 'Eine Feed-ID besteht aus @, 44 Zeichen und .ed25519: Kopiere sie ganz aus einer App, geh zurück und versuche es noch einmal.',
  },
  bad_argument: {
    title: 'Nicht verstanden',
    hint: 'Etwas von dem, was gesendet wurde, ist nicht, wie es sein sollte. Bitte geh zurück und sieh es noch einmal durch.',
  },
  not_following: { title: 'Niemand von hier', hint: 'Dieser Feed ist kein Mitglied, oder nicht mehr.' },
  recovering: {
    title: 'Noch benommen',
    hint: 'Dieses Relay kommt aus einer Sicherung und ändert nichts, bevor es weiß, wie weit es gekommen war. Bitte versuche es in einer Weile noch einmal.',
  },
  last_admin: {
    title: 'Sonst leitet niemand',
    hint: 'Der Raum braucht eine Leitung: Gib die Rolle zuerst jemand anderem.',
  },
  body_too_large: { title: 'Zu viel', hint: 'Das ist weit mehr, als in dieses Formular passt.' },
  body_malformed: {
    title: 'Nicht verstanden',
    hint: 'Bitte benutze das Formular auf unserer eigenen Seite.',
  },
  invites_exhausted: { title: 'Ebbe', hint: 'Im Augenblick sind alle Einladungen vergeben.' },
  quota_reached: { title: 'Langsam', hint: 'Das haben in letzter Zeit zu viele versucht.' },
  already_set_up: { title: 'Schon geschehen', hint: 'Jemand hat diese Fragen gerade beantwortet.' },
  busy: {
    title: 'Hochwasser',
    hint: 'Hier ist im Augenblick zu viel los. Bitte versuche es bald noch einmal.',
  },
  internal: {
    title: 'Etwas ist kaputt',
    hint: 'Das liegt an uns, nicht an dir. Bitte versuche es in einer Weile noch einmal.',
  },
}

export const errors: Words['errors'] = {
  sayings,
  other: { title: 'Das hat nicht geklappt', hint: 'Bitte geh zurück und versuche es noch einmal.' },
  instead: (address) =>
    html`Es antwortet unter <a href="${address}/">${address}</a>. Soll auch dieser Name gelten, trägt ihn der Betreiber in <code>web.names</code> ein.`,
  comeBack: (minutes) =>
    html`Bitte komm in etwa <strong>${count(minutes, 'Minute', 'Minuten')}</strong> wieder.`,
  /** the way out, by where it leads */
  to: {
    '/': 'Zur Startseite',
    '/invite/': 'Zur Einladungsseite',
    '/login': 'Anmelden',
    '/dashboard': 'Zur Übersicht',
  },
  words: {
    invite_unknown: 'Einladung unbekannt',
    invite_used_up: 'Einladung verbraucht',
    invite_expired: 'Einladung abgelaufen',
    already_following: 'schon gefolgt',
    invite_malformed: 'Einladung unlesbar',
    not_admitted: 'kein Zutritt',
    not_allowed: 'nicht erlaubt',
    no_such_method: 'keine solche Methode',
    busy: 'zu viel los, versuche es später',
    bad_argument: 'Angabe falsch',
    bad_feed_id: 'keine Feed-ID',
    message_invalid: 'Nachricht ungültig',
    message_too_large: 'Nachricht zu groß',
    message_unwanted: 'Nachricht eines Feeds, um den nicht gebeten wurde',
    feed_forked: 'Feed gegabelt',
    feed_full: 'Feed voll',
    store_full: 'Speicher voll',
    not_following: 'nicht gefolgt',
    quota_reached: 'Grenze erreicht',
    alias_taken: 'Name vergeben',
    alias_invalid: 'Name ungültig',
    signature_invalid: 'Unterschrift ungültig',
    not_attending: 'keine Verbindung möglich',
    tunnel_ended: 'Tunnel beendet',
    token_wrong: 'falsches Schlüsselwort',
    already_set_up: 'schon eingerichtet',
    signed_out: 'nicht angemeldet',
    sign_in_refused: 'Anmeldung abgelehnt',
    link_void: 'Anmeldelink ungültig',
    form_stale: 'Formular veraltet',
    last_admin: 'eine Leitung muss bleiben',
    riddle_wrong: 'falsche Antwort',
    riddle_missing: 'kein wartendes Rätsel',
    invites_exhausted: 'vorerst keine Einladungen mehr',
    not_found: 'nicht gefunden',
    method_not_allowed: 'Methode nicht erlaubt',
    wrong_host: 'kein Name dieses Relays',
    proxy_unproven: 'der Proxy belegt kein https',
    body_too_large: 'Inhalt zu groß',
    body_malformed: 'Inhalt unlesbar',
    matrix_off: 'die Matrix-Lobby ist aus',
    matrix_refused: 'auf Matrix abgelehnt',
    matrix_unreachable: 'Matrix-Server nicht erreicht',
    config_invalid: 'Konfiguration ungültig',
    clock_unset: 'die Uhr ist noch nicht gestellt',
    data_unusable: 'Datenverzeichnis unbrauchbar',
    machine_unsupported: 'dieser Rechner wird nicht unterstützt',
    certificate_unusable: 'Zertifikat unbrauchbar',
    backup_unusable: 'Sicherung unbrauchbar',
    recovering: 'wiederhergestellt; fragt noch, wie weit der eigene Feed gekommen war',
    relay_running: 'ein Relay läuft schon',
    relay_not_running: 'es läuft kein Relay',
    address_unusable: 'kann nicht lauschen',
    internal: 'interner Fehler',
  },
}
