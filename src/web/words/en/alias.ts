// English: the page of a name.

import { html } from '../text.js'

export const alias = {
  title: (name: string, room: string) => `${name} at ${room}`,
  lead: (name: string, room: string) =>
    html`<strong>${name}</strong> can be met here, at <bdi>${room}</bdi>, from app to app.`,
  connect: 'Connect with me',
  connectHint: 'Nothing happens? Then no app on this device knows such links. There are other ways below.',
  online: html`<strong>Here now.</strong>`,
  offline: (name: string) =>
    html`<strong>Not here at the moment:</strong> your app reaches ${name} once both of you are connected. Try again later.`,
  friends: (name: string) =>
    `Some apps let in only people they follow. If it does not work, ask ${name} in another way to follow you.`,
  openRoom: 'The room is open: your app may come in without an invite.',
  community:
    'The room is a community’s: you need not be a member to connect, but you will not see who else is here.',
  install: 'What you need',
  noApp: (url: string) =>
    html`An app that knows names in rooms, such as <a href="${url}" rel="noreferrer">Manyverse</a>. Install it, open it once, and come back to this page.`,
  ways: 'Every way to connect',
  id: 'Feed id of the owner',
  idHint: 'By this your app knows for sure whom it talks to.',
}
