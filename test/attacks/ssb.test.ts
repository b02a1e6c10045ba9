// Attacks on the SSB port by strangers.

import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { FRAME_BYTES } from '../../src/lib/limits.js'
import { connectRaw, JSON_BODY } from '../flows/raw.js'
import { attack, LONG } from './attack.js'

const EFFECT = 500

attack('handshakes that are begun and never finished', async ({ ssb }) => {
  for (let i = 0; i < 500; i++) ssb(randomBytes(63))
  await pause(EFFECT)
})

attack('handshakes of random bytes', async ({ ssb }) => {
  for (let i = 0; i < (LONG ? 2000 : 500); i++) ssb(randomBytes(64 + 112))
  await pause(EFFECT)
})

attack('a megabyte of noise on each of many sockets', async ({ ssb }) => {
  for (let i = 0; i < 100; i++) ssb(randomBytes(1_000_000))
  await pause(EFFECT)
})

attack('frames of strangers that are half sent', async ({ ssbPort, id }, t) => {
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => connectRaw({ port: ssbPort, relay: id })),
  )
  t.teardown(() => clients.map((client) => client.close()))
  const head = Buffer.alloc(9)
  head.writeUInt8(JSON_BODY, 0)
  head.writeUInt32BE(FRAME_BYTES.stranger, 1)
  head.writeInt32BE(1, 5)
  for (const client of clients) {
    client.write(head)
    client.write(Buffer.alloc(FRAME_BYTES.stranger - 1, ' '))
  }
  await pause(EFFECT)
})
