// SPDX-License-Identifier: AGPL-3.0-or-later
// What the environment says of the terminal.

/** Whether output can hold half-block characters and colours. */
export interface TerminalTraits {
  unicode: boolean
  color: boolean
}

/**
 * Reads the locale and the terminal's settings.
 * POSIX: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is not empty decides. `NO_COLOR`: https://no-color.org.
 */
export function terminalTraits(env: NodeJS.ProcessEnv = process.env): TerminalTraits {
  const isDumb = env.TERM === 'dumb'
  return {
    unicode: !isDumb && /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || ''),
    color: !isDumb && !env.NO_COLOR,
  }
}
