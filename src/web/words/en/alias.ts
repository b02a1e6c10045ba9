// SPDX-License-Identifier: AGPL-3.0-or-later
// English: the page of an alias.

import { html } from '../text.js'

export const alias = {
  title: (name: string, room: string) => `${name} at ${room}`,
  lead: (name: string, room: string) =>
    html`Here your app connects to <strong>${name}</strong>, a member of <bdi>${room}</bdi>.`,
  connect: 'Connect with me',
  connectHint: 'Nothing happens? Then no app on this device opens such links: use another way below.',
  online: html`<strong>Online now.</strong>`,
  offline: (name: string) =>
    html`<strong>Offline at the moment.</strong> Your app reaches ${name} when both of you are connected. Try again later.`,
  friends: (name: string) =>
    `Some apps accept only people they follow. If it does not work, ask ${name} to follow you.`,
  openRoom: 'This room is open: your app can connect without an invite.',
  community:
    'This room belongs to a community: you can connect to this member, but you do not see who else is online.',
  install: 'What you need',
  noApp: (url: string) =>
    html`You need an app that supports room aliases, such as <a href="${url}" rel="noreferrer">Manyverse</a>. Install it, open it once, and come back to this page.`,
  ways: 'All ways to connect',
  id: 'Feed id of the owner',
  idHint: 'Your app uses this id to make sure that it talks to the right person.',
}
