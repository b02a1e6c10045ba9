// SPDX-License-Identifier: AGPL-3.0-or-later
// A control socket with a fake relay: records calls, answers as the test says.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Clock, systemClock } from '../../src/lib/clock.js'
import { createLog } from '../../src/lib/log.js'
import type { Call } from '../../src/operator/call.js'
import type { OperatorHandlers } from '../../src/operator/methods.js'
import { OPERATOR_METHODS } from '../../src/operator/protocol.js'
import { createControl } from '../../src/operator/server.js'

export interface Stub {
  dataDir: string
  /** method and arguments of every call, in order */
  calls: unknown[][]
}

/** A directory of its own with a short path: a socket's may have 107 bytes. Gone when the test ends. */
export function shortDir(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'tp-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

type Methods = Record<string, (...args: unknown[]) => unknown>

/**
 * Listens until the test ends. Methods not given answer null.
 * @param options a clock, and methods that get the call itself behind their arguments
 */
export async function operatorStub(
  t: Test,
  methods: Methods,
  { clock = systemClock, withCall = {} }: { clock?: Clock; withCall?: Methods } = {},
): Promise<Stub> {
  const dataDir = shortDir(t)
  const calls: unknown[][] = []
  const handlers = Object.fromEntries(
    OPERATOR_METHODS.map((name) => [
      name,
      async (params: unknown[], call: Call) => {
        calls.push([name, ...params])
        const long = withCall[name]
        if (long) return long(params, call)
        return methods[name]?.(...params) ?? null
      },
    ]),
  ) as unknown as OperatorHandlers
  const components = { handlers, log: createLog('silent'), clock }
  const control = await createControl(components, { path: join(dataDir, 'control.sock'), version: '0.0.0' })
  t.teardown(() => control.close())
  return { dataDir, calls }
}
