// English: knocking, and what becomes of it.

import { count, html } from '../text.js'

export const knock = {
  who: 'Who is knocking?',
  seeBelow: 'Please see to what is marked below.',
  tooMany: (minutes: number) =>
    `Too many people have knocked of late. Press the button again in about ${count(minutes, 'minute', 'minutes')}.`,
  feed: 'Your feed id',
  feedHint: '@….ed25519: in your Scuttlebutt app it stands on your own profile.',
  feedMalformed: 'A feed id is an @, 44 characters and .ed25519: copy it whole from your app.',
  feedIsRelay: 'That is the relay’s own id; yours is in your app.',
  note: 'A word about you',
  noteHint: (most: number) =>
    `Whom do you know here? At most ${most} characters. If you are let in, everybody can read it.`,
  noteTooLong: (most: number, now: number) => `At most ${most} characters; these are ${now}.`,
  knock: 'Knock',
  willRead: (room: string, days: number) =>
    html`Somebody of <strong><bdi>${room}</bdi></strong> will read it. A knock waits ${count(days, 'day', 'days')}.`,
  waiting: 'You are on the waiting list',
  joined: 'You are in',
  member: 'You are in already',
  waitingLead: (room: string, days: number) =>
    html`Somebody of <bdi>${room}</bdi> will read your knock. If nobody opens within ${count(days, 'day', 'days')}, it is gone, and you may knock again.`,
  joinedLead: (room: string) => html`An invite was waiting for you: <bdi>${room}</bdi> follows you now.`,
  memberLead: (room: string) =>
    html`<bdi>${room}</bdi> follows this feed already, so there is no need to knock.`,
  yourFeed: 'Your feed id:',
  thenConnect: 'Then, and not before',
  nowConnect: 'Now connect',
  connect: 'In your app, connect to this address.',
  connectThen:
    'In your app, connect to this address: it works once you are let in. This page will not tell you, your app will.',
}
