// SPDX-License-Identifier: AGPL-3.0-or-later
// The slices we use of packages that ship no types.

declare module 'ssb-keys' {
  export interface Keys {
    curve: 'ed25519'
    public: string
    private: string
    id: string
  }
  const ssbKeys: {
    generate(curve?: 'ed25519', seed?: Buffer): Keys
    createSync(path: string): Keys
    loadSync(path: string): Keys
    signObj<T extends object>(keys: Keys, hmacKey: null, value: T): T & { signature: string }
    verifyObj(keys: { public: string }, hmacKey: null, value: object): boolean
    hash(data: string | Buffer): string
    sign(keys: Keys, text: string): string
    verify(keys: { public: string }, signature: string, text: string | Buffer): boolean
  }
  export default ssbKeys
}

declare module 'ssb-classic/validation.js' {
  const validation: {
    validateOOO(value: unknown, hmacKey: null, cb: (err?: Error) => void): void
  }
  export default validation
}

declare module 'granax/lib/controller.js' {
  type Callback = (err: Error | null, reply?: import('../src/onion/replies.js').Reply) => void
  /** Composes commands and hands them to `_send`, which our subclass replaces; replies are what that answers. */
  class TorController {
    constructor(socket: object, options: { authOnConnect: boolean })
    on(event: string, listener: (...args: string[]) => void): this
    emit(event: string, ...args: string[]): boolean
    _send(command: string, callback?: Callback): void
    _handleError(err: Error): void
    _handleClose(): void
    getProtocolInfo(callback: Callback): void
    getAuthChallenge(nonce: string, callback: Callback): void
    authenticate(token: string, callback: Callback): void
    /** TAKEOWNERSHIP, then RESETCONF __OwningControllerProcess */
    takeOwnership(callback: Callback): void
    getInfo(keywords: string, callback: Callback): void
    addEventListeners(events: string[], callback: Callback): void
  }
  export default TorController
}
