// SPDX-License-Identifier: AGPL-3.0-or-later
// English: the pages for the local network.

import { count, html } from '../text.js'

export const local = {
  noToken: (minutes: number) =>
    `For ${count(minutes, 'more minute', 'more minutes')} this page needs no token.`,
  noTokenHow:
    'You are on the same network as the relay. Until the time is over, any device on this network can set up the room, once. So do it now.',
  needsToken: 'This page needs the token.',
  tokenWhere: html`It is at the end of the set-up link. The link is on the screen of the board, and in the file
<code>tidepool.txt</code> on the boot partition of its card, which any computer can read.`,
  tokenHint: 'The last part of the set-up link, after token=.',
  restart: 'Or restart the board: then this page needs no token for an hour.',
  adminHint:
    '@….ed25519, from your Scuttlebutt app: it becomes the first member and admin. Without it nobody can open the dashboard, and you can add it only with a keyboard or SSH.',
  onlyHere: 'So far only this network can reach the room.',
  onlyHereHow: 'The front page here shows an address for everybody as soon as there is one.',
  inviteLater: 'The dashboard makes invites.',
  lead: 'This page is for the network of the relay. From other networks use an address below.',
  boardAt: (address: string) => html`This board has the address <code>${address}</code> on this network.`,
  addresses: 'Addresses for everybody',
  noAddress: 'The room has no address yet that works from other networks.',
  waiting:
    'The onion address appears here when Tor has published it. This takes a few minutes; then load this page again.',
  getAddress: html`Set <code>onion.enabled</code> or <code>domain.name</code> in the configuration to get one.`,
  onion: {
    title: 'Onion address',
    how: 'Opens in Tor Browser. It works from everywhere.',
    qr: 'The onion address as a QR code',
  },
  https: { title: 'Domain', how: 'Opens in every browser.', qr: 'The address under the domain as a QR code' },
  health: 'How it is',
  signIn: 'On this network you can sign in here, when your app is connected to the relay.',
}
