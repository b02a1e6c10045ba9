/** The tests that the table names, as [file, title]. */
export function namedTests(): Array<[file: string, title: string]>
/** The table as Markdown. @param passed tells whether a test passed */
export function clientTable(passed?: (file: string, title: string) => boolean): string
