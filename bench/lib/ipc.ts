// SPDX-License-Identifier: AGPL-3.0-or-later
// Questions and answers between the bench and the processes it forks, over Node's own channel.

import type { ChildProcess } from 'node:child_process'

interface Question {
  number: number
  method: string
  argument: unknown
}

interface Answer {
  number: number
  value?: unknown
  error?: string
}

export type Methods = Record<string, (argument: never) => unknown>

/** The asking end. Every open question is answered with an error when the child ends. */
export function createAsker(
  child: ChildProcess,
  lastWords: () => string,
): <T>(method: string, argument?: unknown) => Promise<T> {
  const open = new Map<number, { resolve: (value: never) => void; reject: (err: Error) => void }>()
  let count = 0
  child.on('message', ({ number, value, error }: Answer) => {
    const question = open.get(number)
    open.delete(number)
    if (error === undefined) question?.resolve(value as never)
    else question?.reject(new Error(error))
  })
  child.once('exit', (code, signal) => {
    const err = new Error(`a process ended by itself (${signal ?? code}): ${lastWords()}`)
    for (const { reject } of open.values()) reject(err)
    open.clear()
  })
  return (method, argument) =>
    new Promise((resolve, reject) => {
      const number = ++count
      open.set(number, { resolve, reject })
      child.send({ number, method, argument } satisfies Question, (err) => {
        if (!err) return
        open.delete(number)
        reject(err)
      })
    })
}

/** The answering end: for a forked process, which ends when the bench does. */
export function answerWith(methods: Methods): void {
  process.once('disconnect', () => process.exit(0))
  process.on('message', ({ number, method, argument }: Question) => {
    const send = (answer: Omit<Answer, 'number'>): void => {
      if (process.connected) process.send?.({ number, ...answer })
    }
    Promise.resolve()
      .then(() => methods[method]?.(argument as never))
      .then(
        (value) => send({ value }),
        (err: unknown) => send({ error: err instanceof Error ? (err.stack ?? err.message) : String(err) }),
      )
  })
}
