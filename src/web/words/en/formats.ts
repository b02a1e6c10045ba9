// SPDX-License-Identifier: AGPL-3.0-or-later
// English: the forms of an invite, an alias or the room's address, and which apps take which.

export const formats = {
  all: 'All ways to use the invite',
  byHand: 'Or select the text and copy it.',
  picture: 'Show QR code',
  link: {
    label: 'Invite link',
    copy: 'Copy link',
    apps: 'For Manyverse, Planetary and other apps that support rooms. It opens the page of this invite.',
    qr: 'The invite link as a QR code',
  },
  claim: {
    label: 'Link that opens an app',
    copy: 'Copy app link',
    apps: 'For the same apps, if they are installed on this device.',
    qr: 'The link that opens an app as a QR code',
  },
  code: {
    label: 'Invite code',
    copy: 'Copy code',
    apps: 'For Delog, Manyverse, Patchwork, Oasis and other apps that support pub invites: paste it where the app asks for an invite.',
    qr: 'The invite code as a QR code',
  },
  address: {
    label: 'Address of the relay',
    copy: 'Copy address',
    apps: 'For apps that ask for a server address. It says where the relay is; it does not make you a member.',
    qr: 'The address of the relay as a QR code',
  },
  open: {
    label: 'Open invite',
    copy: 'Copy open invite',
    apps: 'For Manyverse, Patchwork and other apps that support rooms: paste it where the app adds a room or a server.',
    qr: 'The open invite as a QR code',
  },
  name: {
    label: 'Address of this page',
    copy: 'Copy page address',
    apps: 'For Manyverse, Planetary and other apps that support room aliases, and for sharing.',
    qr: 'The address of this page as a QR code',
  },
  connect: {
    label: 'Link that opens an app',
    copy: 'Copy app link',
    apps: 'For the same apps, if they are installed on this device.',
    qr: 'The link that opens an app as a QR code',
  },
}
