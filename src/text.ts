// Text that people wrote, on its way to other people: without what could disturb a page or a terminal.

/** Control characters but the line feed, and marks that turn lines around. */
const DISTURBING = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu

/** The text with a space for each disturbing character, its line ends as one character, trimmed; never longer. */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(DISTURBING, ' ').trim()
}
