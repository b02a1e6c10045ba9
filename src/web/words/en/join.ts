// SPDX-License-Identifier: AGPL-3.0-or-later
// English: the page of an invite link, and its results.

import { count, html } from '../text.js'

export const join = {
  title: (room: string) => `Join ${room}`,
  lead: (room: string) =>
    html`You are invited: <bdi>${room}</bdi> will follow you, store your feed, and pass it on to your friends while you are offline.`,
  openApp: 'Open in my app',
  openAppHint: 'Nothing happens? Then no app on this device opens such links: use another way below.',
  good: (uses: number, days: number, until: string) =>
    html`The invite is valid for ${count(uses, 'person', 'people')} and ${count(days, 'day', 'days')}, until <time datetime="${until}">${until}</time>.`,
  directed: 'It is for one feed id only.',
  withoutApp: 'Join with your feed id',
  withoutAppHow:
    'If your app takes neither links nor codes, enter your feed id here and then connect to the relay by its address.',
  id: 'Your feed id',
  idHint: '@….ed25519: you find it on your profile in your Scuttlebutt app.',
  wrongId: {
    malformed: 'A feed id is an @, 44 characters and .ed25519: copy your own from your app.',
    refused: 'This invite is for another feed id. Check that you entered your own, completely.',
  },
  letMeIn: 'Join',
  keep: 'Do not share the invite: the first person who uses it joins.',
  noApp: (url: string) =>
    html`No app yet? Find one at <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>, then come back to this page.`,
  claimed: 'This invite was just used',
  claimedHow: (room: string) =>
    html`If that was you, <bdi>${room}</bdi> follows you now: go back to your app.`,
  joined: 'You have joined',
  joinedHow: (room: string) =>
    html`<bdi>${room}</bdi> follows you now. In your app, connect to this address; some apps do so by themselves.`,
  ended: {
    'used up': {
      title: 'This invite is used up',
      hint: 'This invite has reached its limit of uses. If you used it, you have joined: go back to your app.',
    },
    expired: { title: 'This invite has expired', hint: 'It was not used in time.' },
    revoked: {
      title: 'This invite was revoked',
      hint: 'The member who created it, or a moderator, has revoked it.',
    },
  },
  another: 'Ask the person who sent it for a new one.',
  getAnother: 'See other ways to join',
}
