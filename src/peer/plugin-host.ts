// SPDX-License-Identifier: AGPL-3.0-or-later
// Hosts secret-stack plugins: `.use`, manifest, hooks and `api`. Does not load secret-stack's muxrpc and multiserver.

import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { RelayError } from '../lib/errors.js'
import type { Manifest, Method, Methods, MethodType, Registry } from '../muxrpc/registry.js'
import type { Access } from './access.js'
import type { Connection } from './connection.js'
import { adaptMethod, type Context } from './plugin-methods.js'

/** A secret-stack plugin. */
export interface Plugin {
  name?: string
  version?: string
  manifest?: Manifest
  /** methods that any admitted caller can call; the others are for this process only */
  permissions?: { anonymous?: { allow?: string[] } }
  // biome-ignore lint/suspicious/noExplicitAny: each plugin extends secret-stack's api
  init(api: any, config: any): object | undefined
}

interface Stack {
  manifest: Manifest
  permissions: Record<string, string[]>
  use(plugin: Plugin): Stack
  // biome-ignore lint/suspicious/noExplicitAny: as above
  (config: object): any
}

// only the plugin host: the package's main file also loads muxrpc, multiserver and transports
const createStack = createRequire(import.meta.url)('secret-stack/lib/api.js') as (
  plugins: Plugin[],
  config: object,
) => Stack

export interface HostOptions {
  own: string
  config: object
  plugins: readonly Plugin[]
  /** access to methods that a plugin allows for everyone */
  everyone: Access
  /** Closes the peer, on a plugin's request. */
  onClose(): void
}

export interface PluginHost {
  /** Emits `rpc:connect`, if a plugin listens. */
  connected(connection: Connection): void
  /** Emits `close`. */
  close(): void
}

/**
 * Registers our methods as plugins of a stack, so that other plugins can hook them, and the methods of plugins in the
 * registry, so that clients can call them.
 */
export function createPluginHost(
  registry: Registry<Connection>,
  own: Methods<Connection>,
  options: HostOptions,
): PluginHost {
  const stack = createStack([], options.config)
  stack.use({
    manifest: { manifest: 'sync' },
    init: (api, config) => ({
      config,
      id: options.own,
      getManifest: () => stack.manifest,
      close(...args: unknown[]) {
        api.closed = true
        options.onClose()
        const done = args.at(-1)
        if (typeof done === 'function') done()
      },
    }),
  })
  for (const [name, methods] of byNamespace(own)) stack.use(pluginOf(name, methods))
  for (const plugin of options.plugins) stack.use(plugin)
  const api = stack(options.config)
  for (const [name, method] of Object.entries(own)) bind(api, name, method)
  registry.add(own)
  for (const plugin of options.plugins) registry.add(methodsOf(plugin, api, options.everyone))

  return {
    connected(connection) {
      if (api.listenerCount('rpc:connect') > 0)
        api.emit('rpc:connect', remoteOf(connection, stack.manifest), false)
    },
    close() {
      api.closed = true
      api.emit('close')
    },
  }
}

/** Groups methods by namespace: `tunnel` of `tunnel.connect`; the empty name for methods without one. */
function byNamespace(methods: Methods<Connection>): Map<string, Methods<Connection>> {
  const found = new Map<string, Methods<Connection>>()
  for (const [path, method] of Object.entries(methods)) {
    const [name, leaf] = path.includes('.') ? (path.split('.') as [string, string]) : ['', path]
    found.set(name, { ...found.get(name), [leaf]: method })
  }
  return found
}

function pluginOf(name: string, methods: Methods<Connection>): Plugin {
  const entries = Object.entries(methods)
  return {
    ...(name ? { name } : {}),
    version: '1.0.0',
    manifest: Object.fromEntries(entries.map(([leaf, { type }]) => [leaf, type])),
    init: () =>
      Object.fromEntries(
        entries.map(([leaf, method]) => [leaf, 'call' in method ? method.call : method.open]),
      ),
  }
}

/** Replaces a method's function by the stack's, which plugins can hook. */
function bind(api: object, path: string, method: Method<Connection>): void {
  const hooked = get(api, path) as (...args: unknown[]) => unknown
  if ('call' in method) method.call = hooked
  else method.open = hooked as typeof method.open
}

// biome-ignore lint/suspicious/noExplicitAny: plugins define the api's methods
function get(api: any, path: string): unknown {
  return path.split('.').reduce((at, name) => at?.[name], api)
}

// --- methods of plugins ------------------------------------------------------------------------------------

function methodsOf(plugin: Plugin, api: object, everyone: Access): Methods<Connection> {
  const prefix = plugin.name ? `${camelCase(plugin.name)}.` : ''
  const allowed = new Set(plugin.permissions?.anonymous?.allow)
  const methods: Methods<Connection> = {}
  for (const [leaf, type] of Object.entries(plugin.manifest ?? {})) {
    if (typeof type !== 'string' || !allowed.has(leaf)) continue
    const call = get(api, prefix + leaf) as (this: Context, ...args: unknown[]) => unknown
    methods[prefix + leaf] = adaptMethod(type, call, everyone)
  }
  return methods
}

// --- connections as plugins see them -------------------------------------------------------------------------------

/** A connection in the form that secret-stack gives to plugins. */
function remoteOf(connection: Connection, manifest: Manifest): EventEmitter {
  const remote = Object.assign(new EventEmitter(), {
    id: connection.id,
    closed: false,
    stream: { address: '' },
    close(...args: unknown[]) {
      connection.close('closed by a plugin')
      const done = args.at(-1)
      if (typeof done === 'function') done()
    },
  })
  connection.onClose(() => {
    remote.closed = true
    remote.emit('closed')
  })
  addMethods(remote, connection, manifest, [])
  return remote
}

function addMethods(target: object, connection: Connection, manifest: Manifest, path: string[]): void {
  for (const [name, type] of Object.entries(manifest)) {
    if (name in target) continue
    const full = [...path, name]
    if (typeof type === 'object') {
      const nested = {}
      addMethods(nested, connection, type, full)
      Object.assign(target, { [name]: nested })
    } else Object.assign(target, { [name]: (...args: unknown[]) => callRemote(connection, full, type, args) })
  }
}

/** Calls a client's method for a plugin. Streams are not supported: no plugin of a relay needs them. */
function callRemote(
  { rpc }: Connection,
  path: string[],
  type: MethodType,
  args: unknown[],
): Promise<unknown> | undefined {
  if (type !== 'sync' && type !== 'async')
    throw new RelayError('no_such_method', `${path.join('.')} is a ${type}`)
  const last = args.at(-1)
  const call = (cb: (err: Error | null, value?: unknown) => void, given: unknown[]): void => {
    if (rpc) rpc.request(path, given, cb)
    else cb(new Error('the connection ended'))
  }
  if (typeof last === 'function') {
    call(last as never, args.slice(0, -1))
    return undefined
  }
  return new Promise((resolve, reject) => call((err, value) => (err ? reject(err) : resolve(value)), args))
}

/** The name of a plugin in secret-stack's api: `room-client` is `roomClient`. */
function camelCase(name: string): string {
  return name.replace(/[-_ ]+(.)/g, (_, letter: string) => letter.toUpperCase())
}
