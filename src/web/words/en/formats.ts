// English: the forms in which an invite, a name or the room is handed over, and which apps take which.

export const formats = {
  all: 'Every way to use the invite',
  byHand: 'By hand: go into a field, select all of it, copy.',
  picture: 'Show as a picture to scan',
  link: {
    label: 'Invite link',
    copy: 'Copy the link',
    apps: 'For Manyverse, Planetary, and others that know rooms. It leads to the page of this invite.',
    qr: 'The invite link as a QR code',
  },
  claim: {
    label: 'Link that opens an app',
    copy: 'Copy the app’s link',
    apps: 'For the same apps, where they are on this device: the browser hands it over.',
    qr: 'The link that opens an app as a QR code',
  },
  code: {
    label: 'Invite code',
    copy: 'Copy the code',
    apps: 'For Delog, Manyverse, Patchwork, Oasis, and others that know pub invites: paste it where the app asks for an invite.',
    qr: 'The invite code as a QR code',
  },
  address: {
    label: 'Address of the relay',
    copy: 'Copy the address',
    apps: 'For apps that ask for the address of a server. It says where the relay is, and makes nobody a member.',
    qr: 'The address of the relay as a QR code',
  },
  open: {
    label: 'Open invite',
    copy: 'Copy the open invite',
    apps: 'For Manyverse, Patchwork, and others that know rooms: paste it where the app adds a room or a server.',
    qr: 'The open invite as a QR code',
  },
  name: {
    label: 'Address of this page',
    copy: 'Copy the page’s address',
    apps: 'For Manyverse, Planetary, and others that know names in rooms; and for passing on.',
    qr: 'The address of this page as a QR code',
  },
  connect: {
    label: 'Link that opens an app',
    copy: 'Copy the app’s link',
    apps: 'For the same apps, where they are on this device: the browser hands it over.',
    qr: 'The link that opens an app as a QR code',
  },
}
