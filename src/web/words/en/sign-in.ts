// English: signing in and out.

export const signIn = {
  title: 'Sign in',
  lead: 'Your Scuttlebutt app signs you in: there is no password.',
  open: 'Sign in with the app on this device',
  scan: 'Or scan this with the phone your app is on:',
  qr: 'The sign-in request as a QR code',
  careful: 'Say yes in your app only to a sign-in that you have begun yourself.',
  afterwards: 'Once your app has said yes, this page goes on by itself.',
  goOn: 'I said yes: go on',
  uri: 'The request, to paste into the app',
  noApp: 'If your app cannot sign in, ask who runs this relay for a login link.',
  done: 'You are signed in',
  doneAs: 'This browser is now known as:',
  toDashboard: 'To the dashboard',
  notYou: 'That is not you?',
  out: 'Sign out',
  outLead: 'This browser will not be known any more. Others stay signed in.',
  linkLead: 'This link signs this browser in, once.',
  signIn: 'Sign this browser in',
  members: 'Members:',
}
