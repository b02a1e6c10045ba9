// English: an invite by its link, and what became of it.

import { count, html } from '../text.js'

export const join = {
  title: (room: string) => `Join ${room}`,
  lead: (room: string) =>
    html`You are invited: <bdi>${room}</bdi> will follow you, keep your feed, and hand it to your friends while you are away.`,
  openApp: 'Open it in my app',
  openAppHint: 'Nothing happens? Then no app on this device knows such links. There are other ways below.',
  good: (uses: number, days: number, until: string) =>
    html`The invite is good for ${count(uses, 'person', 'people')}, whichever way is used, and for ${count(days, 'day', 'days')}, until <time datetime="${until}">${until}</time>.`,
  directed: 'It was made for one person, and for nobody else.',
  withoutApp: 'With your feed id',
  withoutAppHow:
    'Your app knows neither links nor codes? Say who you are, and then connect to the relay by its address.',
  id: 'Your feed id',
  idHint: '@….ed25519: in your Scuttlebutt app it stands on your own profile.',
  wrongId: {
    malformed: 'A feed id is an @, 44 characters and .ed25519, and it is yours: copy it whole from your app.',
    refused: 'This invite is not for that feed id. Is it yours, and whole?',
  },
  letMeIn: 'Let me in',
  keep: 'Keep the invite to yourself: whoever uses it first is let in.',
  noApp: (url: string) =>
    html`No app yet? Find one at <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>, then come back to this page.`,
  claimed: 'This invite was used',
  claimedHow: (room: string) =>
    html`Somebody has just come in by this invite. If that was you, <bdi>${room}</bdi> follows you now: go back to your app.`,
  joined: 'You are in',
  joinedHow: (room: string) =>
    html`<bdi>${room}</bdi> follows you now. In your app, connect to this address; some do so by themselves.`,
  dead: {
    'used up': {
      title: 'This invite is used up',
      hint: 'As many people as it was for have come in by it. If you were one of them, you are in: go back to your app.',
    },
    expired: { title: 'This invite has expired', hint: 'It was not used in time.' },
    revoked: {
      title: 'This invite was taken back',
      hint: 'Whoever made it, or a moderator, has revoked it.',
    },
  },
  another: 'Ask whoever gave it to you for another.',
  getAnother: 'See how else to come in',
}
