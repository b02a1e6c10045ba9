// English: the front page.

import { html } from '../text.js'

export const landing = {
  members: (n: number) => (n === 1 ? 'member' : 'members'),
  online: 'online now',
  open: 'open to newcomers',
  community: 'a community: newcomers knock',
  comeIn: 'Come in',
  steps: [
    'Solve a small riddle and get an invite code.',
    'Paste the code into your Scuttlebutt app.',
    'The relay follows you, keeps your feed, and hands it to your friends while you are away.',
  ],
  getInvite: 'Get an invite',
  noApp: (url: string) =>
    html`New to Scuttlebutt? It is a social network with no company in the middle: what you write is your feed, which lives in an app on your own device and goes from friend to friend. Find an app at <a href="${url}" rel="noreferrer">scuttlebutt.nz</a>.`,
  visiting: 'Just visiting?',
  visitingHow: 'With the room’s open invite your app meets who is online. Nothing of yours is kept here.',
  knock: 'Knock',
  knockSteps: [
    'Solve a small riddle.',
    'Leave your feed id and a word about you.',
    'Somebody who is here already lets you in.',
  ],
  knockHere: 'Knock at the door',
  quicker: 'If you know a member, an invite from them is quicker.',
  identity: 'Identity of this relay',
  identityHow: 'Apps know the relay by this key, whatever its address.',
}
