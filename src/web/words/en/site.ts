// SPDX-License-Identifier: AGPL-3.0-or-later
// English: what every page has.

export const site = {
  footer: 'A small relay for Secure Scuttlebutt.',
  language: 'Language',
  skip: 'Skip to the content',
  copy: 'Copy',
  copied: 'Copied',
  inClipboard: 'Copied to the clipboard.',
  selected: 'The text is selected: press Ctrl+C (Cmd+C on a Mac).',
  notSaved: 'Nothing was saved.',
  pleaseWait: 'Please wait.',
  code: 'Error code:',
  optional: '(optional)',
}
