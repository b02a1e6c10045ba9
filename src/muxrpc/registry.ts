// SPDX-License-Identifier: AGPL-3.0-or-later
// The registry of methods: each declares its name, type, permission and handler once.

import { RelayError } from '../lib/errors.js'
import type { RpcStream } from './stream.js'

export type MethodType = 'sync' | 'async' | 'source' | 'sink' | 'duplex'

/** Who may call a method. `words` stand in the tables of docs/protocol.md. */
export interface Access<C> {
  readonly words: string
  allows(caller: C): boolean
  /** the error code for a refused caller; default `not_allowed` */
  refusal?(caller: C): RelayError | null
}

interface Declared<C> {
  access: Access<C>
}

/** A sync or async method; what it throws or rejects with is sent as the error. */
export interface RequestMethod<C> extends Declared<C> {
  type: 'sync' | 'async'
  call(caller: C, ...args: unknown[]): unknown
}

/** A source, sink or duplex: sets the stream's handler and writes. What it throws ends the stream. */
export interface StreamMethod<C> extends Declared<C> {
  type: 'source' | 'sink' | 'duplex'
  open(caller: C, stream: RpcStream, ...args: unknown[]): void
}

export type Method<C> = RequestMethod<C> | StreamMethod<C>

/** Methods by dotted name. */
export type Methods<C> = Record<string, Method<C>>

export type Manifest = { [name: string]: MethodType | Manifest }

/** Maximum number of arguments; calls with more are refused unchecked. */
const ARGUMENTS_MAX = 4

export class Registry<C> {
  private readonly methods = new Map<string, Method<C>>()

  add(methods: Methods<C>): void {
    for (const [name, method] of Object.entries(methods)) {
      if (this.methods.has(name)) throw new Error(`method ${name} is declared twice`)
      this.methods.set(name, method)
    }
  }

  entries(): Iterable<[name: string, method: Method<C>]> {
    return this.methods
  }

  /**
   * Finds the method of a call and checks the permission.
   * @param asked  the name as received: an array of strings, or one string
   * @param type   the type as received
   * @param streams whether the call opens a stream
   * @throws RelayError `not_allowed` for an unknown method and for one that this caller may not call, alike;
   * `no_such_method` for a wrong type; `bad_argument`
   */
  find(caller: C, asked: unknown, type: unknown, args: unknown, streams: boolean): Method<C> {
    const name = nameOf(asked)
    const method = this.methods.get(name)
    if (!method?.access.allows(caller)) throw method?.access.refusal?.(caller) ?? notAllowed(name)
    const fits = streams ? method.type === type : method.type === 'sync' || method.type === 'async'
    if (!fits) throw new RelayError('no_such_method')
    if (!Array.isArray(args) || args.length > ARGUMENTS_MAX) throw new RelayError('bad_argument')
    return method
  }

  /** The manifest of the methods that a caller may call. */
  manifest(allows: (method: Method<C>) => boolean): Manifest {
    const manifest: Manifest = {}
    for (const [name, method] of this.methods)
      if (allows(method)) place(manifest, name.split('.'), method.type)
    return manifest
  }
}

/** Maximum characters of a name in an error message. */
const NAME_CHARS_TOLD = 64

/** The dotted name of a call; empty for anything but a string or an array of strings. */
export function nameOf(asked: unknown): string {
  if (typeof asked === 'string') return asked
  return Array.isArray(asked) && asked.every((part) => typeof part === 'string') ? asked.join('.') : ''
}

function notAllowed(name: string): RelayError {
  // the exact words of npm's muxrpc: clients compare them to detect an older room
  return new RelayError(
    'not_allowed',
    `method:${name.slice(0, NAME_CHARS_TOLD)} is not in list of allowed methods`,
  )
}

function place(manifest: Manifest, path: string[], type: MethodType): void {
  const [first, ...rest] = path as [string, ...string[]]
  if (rest.length === 0) manifest[first] = type
  else {
    manifest[first] ??= {}
    place(manifest[first] as Manifest, rest, type)
  }
}
