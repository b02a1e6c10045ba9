// SPDX-License-Identifier: AGPL-3.0-or-later
// English: signing in and out.

export const signIn = {
  title: 'Sign in',
  lead: 'Your Scuttlebutt app signs you in: there is no password.',
  open: 'Sign in with the app on this device',
  scan: 'Or scan this code with the phone your app is on:',
  qr: 'The sign-in request as a QR code',
  careful: 'Confirm in your app only a sign-in that you started yourself.',
  afterwards: 'After you confirm in your app, this page continues by itself.',
  goOn: 'I have confirmed: continue',
  uri: 'The sign-in request, to paste into the app',
  noApp: 'If your app cannot sign in, ask the people who run this relay for a login link.',
  done: 'You are signed in',
  doneAs: 'This browser is signed in as:',
  toDashboard: 'Go to the dashboard',
  notYou: 'Not you?',
  out: 'Sign out',
  outLead: 'This signs out this browser only. Your other browsers stay signed in.',
  linkLead: 'This link signs this browser in, once.',
  signIn: 'Sign this browser in',
}
