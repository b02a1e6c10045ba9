// English: the riddle, and the code it leads to.

import { count, html } from '../text.js'

export const invite = {
  titleInvite: (room: string) => `Get an invite to ${room}`,
  titleKnock: (room: string) => `Knock at ${room}`,
  getInvite: 'Get an invite',
  knock: 'Knock',
  getMine: 'Get my invite',
  goOn: 'Go on',
  wrong: html`<strong>That was not it.</strong> Here is another one.`,
  missing: html`<strong>No riddle was waiting for this answer.</strong> It had been answered already, or waited too
long, or your browser keeps no cookies. Here is a new one.`,
  invitesGone: (minutes: number) =>
    `All invites for now have been given out; the next is ready in about ${count(minutes, 'minute', 'minutes')}.`,
  knocksGone: (minutes: number) =>
    `Too many people have knocked of late; the next may in about ${count(minutes, 'minute', 'minutes')}.`,
  question: 'Which four letters are swimming here?',
  picture: 'Four distorted letters: the riddle',
  letters: 'The letters you see',
  another: 'New riddle',
  pressForCode: 'One press, and the code is yours.',
  pressForKnock: 'One press, and then say who you are.',
  worthKnock: (room: string) =>
    html`After the riddle you say who you are, and somebody of <strong><bdi>${room}</bdi></strong> lets you in.`,
  worthCode: (room: string, days: number) =>
    html`The code lets one person in to <strong><bdi>${room}</bdi></strong>. It works once, within ${count(days, 'day', 'days')}.`,
  cannotSee:
    'Large and small letters are the same. If you cannot see the picture, ask somebody who is here already for an invite.',
  here: 'Here is your invite',
  next: 'What next',
  copyNow: 'Copy the code now: this page will not show it for long.',
  paste: html`In your Scuttlebutt app, look for <em>paste an invite</em> or <em>join a server</em>, and paste it there.`,
  within: (days: number, until: string) =>
    html`Do so within ${count(days, 'day', 'days')}, until <time datetime="${until}">${until}</time>. The code works once.`,
  otherWays: 'Other ways to use the same invite',
  keep: 'Keep it to yourself: whoever uses it first is let in.',
}
