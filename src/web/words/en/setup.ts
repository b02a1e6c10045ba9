// English: the first run's questions.

import { html } from '../text.js'

export const setup = {
  title: 'Set up this room',
  lead: 'The relay is running. Tell people what it is, and it is theirs.',
  nothingChanged: 'Nothing was changed; please see to what is marked below.',
  token: 'Token',
  tokenHint: 'It is in what the relay printed when it started, at the end of the set-up link.',
  tokenWrong: 'That is not the token. Every start of the relay prints another one.',
  name: 'Name',
  nameHint: (most: number) => `What people will call the room; at most ${most} characters.`,
  nameMissing: 'A room needs a name.',
  description: 'Description',
  descriptionHint: (most: number) => `Who it is for and what goes on there; at most ${most} characters.`,
  tooLong: (most: number, now: number) => `At most ${most} characters; these are ${now}.`,
  admin: 'Your feed id',
  adminHint: '@….ed25519, from your Scuttlebutt app: the relay follows it, and it may administer the room.',
  adminMalformed: 'A feed id is an @, 44 characters and .ed25519: copy it whole.',
  adminIsRelay: 'That is the id of the relay itself.',
  adminBlocked: 'The relay may not follow this one: it is blocked.',
  open: 'Open the room',
  later: html`All of it can be changed later with <code>tidepool setup</code>, and who may come in with
<code>tidepool mode</code>. The dashboard is behind “Sign in”: your app signs you in there once it has connected to the
relay, or <code>tidepool members link</code> with your feed id gives you a link.`,
}
