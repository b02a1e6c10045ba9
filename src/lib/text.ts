// Text for people: removes characters that could disturb a page or a terminal, and puts numbers with their nouns.

/** Control characters except the line feed, and bidirectional controls. */
const DISTURBING = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu

/** Replaces each disturbing character with a space and each line end with a line feed, and trims. Never longer. */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(DISTURBING, ' ').trim()
}

/** `1 member`, `2 members`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
