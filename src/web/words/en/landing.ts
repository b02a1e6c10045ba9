// SPDX-License-Identifier: AGPL-3.0-or-later
// English: the front page.

import { html } from '../text.js'

export const landing = {
  members: (n: number) => (n === 1 ? 'member' : 'members'),
  online: 'online now',
  open: 'open to newcomers',
  community: 'a community: newcomers knock',
  comeIn: 'Come in',
  first: {
    picture: 'Solve a small puzzle and get an invite code.',
    question: 'Answer a question and get an invite code.',
    none: 'Get an invite code.',
  },
  steps: [
    'Paste the code into your Scuttlebutt app.',
    'The relay follows you, stores your feed, and passes it on to your friends while you are offline.',
  ],
  getInvite: 'Get an invite',
  noApp: (url: string) =>
    html`New to Scuttlebutt? It is a social network without a company in the middle: what you write lives in an app on your own device and travels from friend to friend. Find an app at <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>.`,
  visiting: 'Just visiting?',
  visitingHow:
    'With the open invite your app meets the people who are online. Nothing of yours is stored here.',
  knock: 'Knock',
  firstKnock: { picture: 'Solve a small puzzle.', question: 'Answer a question.' },
  knockSteps: ['Leave your feed id and introduce yourself.', 'A member lets you in.'],
  knockHere: 'Knock at the door',
  quicker: 'If you know a member, an invite from them is quicker.',
  identity: 'Identity of this relay',
  identityHow: 'Apps recognise the relay by this key, even if its address changes.',
}
