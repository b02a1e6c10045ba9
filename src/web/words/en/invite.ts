// SPDX-License-Identifier: AGPL-3.0-or-later
// English: the captcha page, and the invite it leads to.

import { count, html } from '../text.js'

export const invite = {
  titleInvite: (room: string) => `Get an invite to ${room}`,
  titleKnock: (room: string) => `Knock at ${room}`,
  getInvite: 'Get an invite',
  knock: 'Knock',
  getMine: 'Get my invite',
  goOn: 'Continue',
  wrong: html`<strong>Wrong answer.</strong> Please try again.`,
  missing: html`<strong>This page has expired.</strong> It was answered already or is too old, or your browser
blocks cookies. Please try again.`,
  invitesGone: (minutes: number) =>
    `No invites left for now; the next one is available in about ${count(minutes, 'minute', 'minutes')}.`,
  knocksGone: (minutes: number) =>
    `Too many people have knocked; you can knock in about ${count(minutes, 'minute', 'minutes')}.`,
  question: 'Which letters are swimming here?',
  picture: 'Puzzle: five or six distorted letters',
  letters: 'The letters you see or hear',
  listen: 'Listen to the letters',
  openSound: 'Open the sound alone',
  orPicture: 'Or: which letters are swimming here?',
  answer: 'Your answer',
  another: 'New puzzle',
  pressForCode: 'Press the button to get your invite.',
  pressForKnock: 'Press the button, then introduce yourself.',
  worthKnock: (room: string) =>
    html`Then you introduce yourself, and somebody from <strong><bdi>${room}</bdi></strong> lets you in.`,
  worthCode: (room: string, days: number) =>
    html`With the invite code one person can join <strong><bdi>${room}</bdi></strong>, once, within ${count(days, 'day', 'days')}.`,
  cannotSee:
    'Upper and lower case do not matter. If you can neither see nor hear the letters, ask a member for an invite.',
  anyWay: 'Upper and lower case, spaces and punctuation do not matter.',
  here: 'Here is your invite',
  next: 'What to do next',
  copyNow: 'Copy the code now: this page shows it for a short time only.',
  paste: html`In your Scuttlebutt app, look for <em>paste an invite</em> or <em>join a server</em>, and paste the code there.`,
  within: (days: number, until: string) =>
    html`Use it within ${count(days, 'day', 'days')}, until <time datetime="${until}">${until}</time>. The code works once.`,
  otherWays: 'Other ways to use the same invite',
  keep: 'Do not share it: the first person who uses it joins.',
}
