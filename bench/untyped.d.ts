// SPDX-License-Identifier: AGPL-3.0-or-later
// The slice we use of a package of the bench's own tree, which the relay's checks are run without.

declare module 'autocannon' {
  interface Result {
    '2xx': number
    non2xx: number
    errors: number
  }
  export default function autocannon(options: {
    url: string
    connections: number
    headers?: Record<string, string>
    /** seconds */
    duration?: number
    /** requests */
    amount?: number
  }): Promise<Result>
}
