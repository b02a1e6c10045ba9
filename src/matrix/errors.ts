// SPDX-License-Identifier: AGPL-3.0-or-later
// Errors of the federation API.

/** An error that is answered over federation: HTTP status, `errcode`, words. */
export class MatrixError extends Error {
  constructor(
    readonly status: number,
    readonly errcode: string,
    message: string,
    readonly fields: Record<string, unknown> = {},
    /** the limit that was reached, as the counters name it */
    readonly limit?: string,
  ) {
    super(message)
    this.name = 'MatrixError'
  }
}

/** An event that the authorisation rules do not allow. */
export class NotAuthorised extends MatrixError {
  constructor(reason: string) {
    super(403, 'M_FORBIDDEN', reason)
    this.name = 'NotAuthorised'
  }
}

/** The request is not valid JSON. */
export const notJson = (what: string): MatrixError => new MatrixError(400, 'M_NOT_JSON', what)
/** The request is valid JSON with invalid content. */
export const badJson = (what: string): MatrixError => new MatrixError(400, 'M_BAD_JSON', what)
export const forbidden = (what: string): MatrixError => new MatrixError(403, 'M_FORBIDDEN', what)
export const unauthorised = (what: string): MatrixError => new MatrixError(401, 'M_UNAUTHORIZED', what)
/** A limit was reached. */
export const limited = (limit: string): MatrixError =>
  new MatrixError(429, 'M_LIMIT_EXCEEDED', 'Too many requests', { retry_after_ms: 5000 }, limit)

/** The one answer for what is absent and for what is private. */
export const absent = (): MatrixError => new MatrixError(404, 'M_NOT_FOUND', 'Not found')
