// secret-stack as the host of plugins: `.use`, manifest, hooks and `api`. Its muxrpc and multiserver are not loaded.

import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { RelayError } from '../lib/errors.js'
import type { Manifest, Method, Methods, MethodType, Registry } from '../muxrpc/registry.js'
import type { Access } from './access.js'
import type { Connection } from './connection.js'
import { adaptMethod, type Context } from './plugin-methods.js'

/** A secret-stack plugin, as the packages of the ecosystem have it. */
export interface Plugin {
  name?: string
  version?: string
  manifest?: Manifest
  /** dotted names that any admitted caller may call; all other methods of a plugin are for this process alone */
  permissions?: { anonymous?: { allow?: string[] } }
  // biome-ignore lint/suspicious/noExplicitAny: secret-stack's api grows with every plugin
  init(api: any, config: any): object | undefined
}

interface Stack {
  manifest: Manifest
  permissions: Record<string, string[]>
  use(plugin: Plugin): Stack
  // biome-ignore lint/suspicious/noExplicitAny: as above
  (config: object): any
}

// Its plugin host alone: the package's main file brings muxrpc, multiserver and its transports along.
const createStack = createRequire(import.meta.url)('secret-stack/lib/api.js') as (
  plugins: Plugin[],
  config: object,
) => Stack

export interface HostOptions {
  own: string
  config: object
  plugins: readonly Plugin[]
  /** who may call what a plugin allows to everybody */
  everyone: Access
  /** Called when a plugin closes the peer. */
  onClose(): void
}

export interface PluginHost {
  /** Tells plugins of a connection (`rpc:connect`). Costs nothing where no plugin listens. */
  connected(connection: Connection): void
  /** Tells plugins that the peer closes (`close`). */
  close(): void
}

/**
 * Makes our namespaces plugins of a stack, so that others' plugins can hook them, and others' methods methods of the
 * registry, so that callers can call them.
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

/** `tunnel` of `tunnel.connect`; the empty name for methods that stand alone. */
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

/** From now on the method is what plugins have made of it: the stack's functions can be hooked. */
function bind(api: object, path: string, method: Method<Connection>): void {
  const hooked = get(api, path) as (...args: unknown[]) => unknown
  if ('call' in method) method.call = hooked
  else method.open = hooked as typeof method.open
}

// biome-ignore lint/suspicious/noExplicitAny: an api has whatever its plugins have
function get(api: any, path: string): unknown {
  return path.split('.').reduce((at, name) => at?.[name], api)
}

// --- methods of others' plugins ------------------------------------------------------------------------------------

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

/** A caller as secret-stack hands it to plugins: its id, its end, and its methods by the stack's own manifest. */
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

/** Calls that are answered once. Streams of plugins towards callers are not adapted: no plugin of a relay needs them. */
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

/** As secret-stack names a plugin in its api: `room-client` is `roomClient`. */
function camelCase(name: string): string {
  return name.replace(/[-_ ]+(.)/g, (_, letter: string) => letter.toUpperCase())
}
