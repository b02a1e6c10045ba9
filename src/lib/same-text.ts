// SPDX-License-Identifier: AGPL-3.0-or-later
// Compares texts without telling by time how far they agree.

import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether two texts are equal, in constant time. Their digests are compared, as `timingSafeEqual` needs equal lengths. */
export function isSameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
