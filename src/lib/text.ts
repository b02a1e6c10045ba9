// Text on its way to people: what others wrote without what could disturb a page or a terminal, and numbers with their nouns.

/** Control characters but the line feed, and marks that turn lines around. */
const DISTURBING = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu

/** The text with a space for each disturbing character, its line ends as one character, trimmed; never longer. */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(DISTURBING, ' ').trim()
}

/** `1 member`, `2 members`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
