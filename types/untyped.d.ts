// The slices we use of packages that ship no types.

declare module 'ssb-caps' {
  const caps: { shs: string; sign?: string | null }
  export default caps
}

declare module 'ssb-keys' {
  export interface Keys {
    curve: 'ed25519'
    public: string
    private: string
    id: string
  }
  const ssbKeys: {
    generate(curve?: 'ed25519', seed?: Buffer): Keys
    loadOrCreateSync(path: string): Keys
    loadSync(path: string): Keys
    signObj<T extends object>(keys: Keys, hmacKey: null, value: T): T & { signature: string }
    verifyObj(keys: { public: string }, hmacKey: null, value: object): boolean
    hash(data: string | Buffer): string
  }
  export default ssbKeys
}

declare module 'ssb-classic/validation.js' {
  const validation: {
    validateOOO(value: unknown, hmacKey: null, cb: (err?: Error) => void): void
  }
  export default validation
}

declare module 'trek-captcha' {
  /** Draws a random token as an uncompressed GIF of 200 by 70 pixels. */
  function captcha(options?: { size?: number; style?: number }): Promise<{ token: string; buffer: Buffer }>
  export default captcha
}
