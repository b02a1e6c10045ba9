// SPDX-License-Identifier: AGPL-3.0-or-later
// English: knocking, and its results.

import { count, html } from '../text.js'

export const knock = {
  who: 'Who is knocking?',
  seeBelow: 'Please fix the marked fields.',
  tooMany: (minutes: number) =>
    `Too many people have knocked. Press the button again in about ${count(minutes, 'minute', 'minutes')}.`,
  feed: 'Your feed id',
  feedHint: '@….ed25519: you find it on your profile in your Scuttlebutt app.',
  feedMalformed: 'A feed id is an @, 44 characters and .ed25519: copy it from your app.',
  feedIsRelay: 'This is the id of the relay. Yours is in your app.',
  note: 'Introduce yourself',
  noteHint: (most: number) =>
    `Who knows you here? At most ${most} characters; if you are let in, everybody can read it.`,
  noteTooLong: (most: number, now: number) => `At most ${most} characters; you entered ${now}.`,
  knock: 'Knock',
  willRead: (room: string, days: number) =>
    html`Somebody from <strong><bdi>${room}</bdi></strong> will read it within ${count(days, 'day', 'days')}.`,
  waiting: 'You are on the waiting list',
  joined: 'You have joined',
  member: 'You are already a member',
  waitingLead: (room: string, days: number) =>
    html`Somebody from <bdi>${room}</bdi> will read your knock. If nobody answers in ${count(days, 'day', 'days')}, you can knock again.`,
  joinedLead: (room: string) => html`An invite was waiting for you: <bdi>${room}</bdi> follows you now.`,
  memberLead: (room: string) => html`<bdi>${room}</bdi> follows this feed already: you need not knock.`,
  yourFeed: 'Your feed id:',
  thenConnect: 'After you are let in',
  nowConnect: 'Connect now',
  connect: 'In your app, connect to this address.',
  connectThen:
    'In your app, connect to this address. It works after you are let in; this page does not tell you when.',
}
