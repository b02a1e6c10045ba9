// English: what every page has.

export const site = {
  footer: 'A small relay for Secure Scuttlebutt.',
  language: 'Language',
  copy: 'Copy',
  copied: 'Copied',
  inClipboard: 'It is in your clipboard.',
  selected: 'It is selected: press copy on your keyboard.',
  notYet: 'Not yet.',
  lowTide: 'Low tide.',
  code: 'Code:',
  ifYouLike: '(if you like)',
}
