// SPDX-License-Identifier: AGPL-3.0-or-later
// English: the set-up page of the first start.

import { html } from '../text.js'

export const setup = {
  title: 'Set up this room',
  lead: 'The relay is running. Give your room a name.',
  seeBelow: 'Please fix the marked fields.',
  token: 'Token',
  tokenHint: 'You find it at the end of the set-up link that the relay printed when it started.',
  tokenWrong: 'Wrong token. Every start of the relay makes a new one; tidepool setup shows the current link.',
  keyOver: 'The page was out of date. Please check it and send it again.',
  name: 'Name',
  nameHint: (most: number) => `What people will call the room; at most ${most} characters.`,
  nameMissing: 'Please enter a name.',
  description: 'Description',
  descriptionHint: (most: number) => `Who the room is for and what it is about; at most ${most} characters.`,
  tooLong: (most: number, now: number) => `At most ${most} characters; you entered ${now}.`,
  apps: 'Which apps will people use?',
  ebt: 'Manyverse, or another app that replicates by EBT',
  ebtHint: 'Without this such apps get no feeds from the relay. Delog and older apps do not need it.',
  admin: 'Your feed id',
  adminHint: '@….ed25519, from your Scuttlebutt app: it becomes the first member and admin.',
  adminMalformed: 'A feed id is an @, 44 characters and .ed25519: copy it completely.',
  adminIsRelay: 'This is the id of the relay itself. Yours is in your app.',
  adminBlocked: 'This feed is blocked. Unblock it first with tidepool unblock.',
  open: 'Open the room',
  later: html`You can change all of this later with <code>tidepool setup</code>, and who can join with
<code>tidepool mode</code>. To open the dashboard, follow “Sign in”: your app signs you in once it is connected to the
relay, or <code>tidepool members link</code> with your feed id prints a login link.`,
  ready: {
    title: (room: string) => `${room} is ready`,
    nobody: 'So far only this machine can reach the room.',
    nobodyHow:
      'For others it needs an onion address (onion.enabled), or a public domain and open ports: see “How others reach the relay” in docs/run-it.md.',
    invite: 'Invite a friend',
    inviteHow: 'This invite is for one person. Send the link, or show the picture.',
    reachedBy: (host: string) => html`Others reach the room at <code>${host}</code>.`,
    inviteLater: html`<code>tidepool invite create</code> prints an invite to send.`,
    signIn:
      'You are the admin of this room. When your app is connected to the relay, it signs you in to the dashboard.',
    noAdmin:
      'The room has no admin yet, so nobody can open the dashboard. The first command makes one of your feed id, the second prints a login link:',
    front: 'To the front page',
  },
}
