// A control socket with a made-up relay behind it: what commands send is written down, what they get is chosen.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createLog } from '../../src/lib/log.js'
import { OPERATOR_MANIFEST, type Operator } from '../../src/operator/protocol.js'
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

/** Listens until the test ends. Methods not given answer null. */
export async function operatorStub(
  t: Test,
  methods: Record<string, (...args: unknown[]) => unknown>,
): Promise<Stub> {
  const dataDir = shortDir(t)
  const calls: unknown[][] = []
  const names = Object.keys(OPERATOR_MANIFEST)
  const operator = Object.fromEntries(
    names.map((name) => [
      name,
      async (...args: unknown[]) => {
        calls.push([name, ...args])
        return methods[name]?.(...args) ?? null
      },
    ]),
  ) as unknown as Operator
  const log = createLog('silent')
  const control = await createControl({ operator, log, now: Date.now }, join(dataDir, 'control.sock'))
  t.teardown(() => control.close())
  return { dataDir, calls }
}
