/** The table as Markdown. */
export function dependencyTable(): string
