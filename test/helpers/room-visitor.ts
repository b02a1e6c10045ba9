// SPDX-License-Identifier: AGPL-3.0-or-later
// A visitor with a browser: reads the pages, solves the captcha, and copies what apps need.

import { createRequire } from 'node:module'
import { ANSWER_PATH, INVITE_PATH } from './delog.js'
import { type Reply, Visitor } from './http.js'
import type { BootedRelay, KnownCaptchas } from './relay.js'

const require = createRequire(import.meta.url)
const { openRoomInviteToAddress } = require('ssb-room-client/lib/utils')

export const KNOCK_PATH = '/invite/knock'

/** A multiserver address, taken apart. */
export interface Room {
  host: string
  port: number
  id: string
}

export function parseAddress(msAddr: string): Room {
  const [, host = '', port = '', key = ''] = /^net:(.+):(\d+)~shs:([A-Za-z0-9+/]{43}=)$/.exec(msAddr) ?? []
  if (!host) throw new Error(`no address: ${msAddr}`)
  return { host, port: Number(port), id: `@${key}.ed25519` }
}

/** The open invite on a page, as copied from it; undefined if there is none. */
export function openInviteOn(page: string): string | undefined {
  return /net:[^<>"\s]+:SSB\+Room\+PSK[^<>"\s]*/.exec(page)?.[0]
}

/** What ssb-room-client makes of an open invite. */
export function unwrapInvite(invite: string): Room {
  const address = openRoomInviteToAddress(invite)
  if (!address) throw new Error(`ssb-room-client takes this for no open invite: ${invite}`)
  return parseAddress(address)
}

/** Asks a host where its room is, as Rooms 1 clients do. */
export async function askWhois(relay: BootedRelay, path = '/whois'): Promise<Reply> {
  const { addresses } = await relay.status()
  return new Visitor((addresses.whois ?? '').replace(/\/(whois)?$/, '')).get(path)
}

/** Opens `/invite/` and solves its captcha; the reply is a code or the form of a knock. */
export async function solveCaptcha(visitor: Visitor, captchas: KnownCaptchas): Promise<Reply> {
  const captcha = await readCaptcha(visitor, captchas)
  return visitor.post(ANSWER_PATH, { captcha })
}

/** Opens `/invite/` and reads the captcha, without answering it. */
export async function readCaptcha(visitor: Visitor, captchas: KnownCaptchas): Promise<string> {
  const page = await visitor.get(INVITE_PATH)
  const src = /class="captcha"><img src="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const { body } = await visitor.get(src)
  const answer = captchas.answerTo(body)
  if (!answer) throw new Error(`no captcha on ${INVITE_PATH}: ${page.status}`)
  return answer
}

/** A whole knock: captcha, form, feed id and note. */
export async function knockAt(
  relay: BootedRelay,
  captchas: KnownCaptchas,
  feed: string,
  note = '',
): Promise<Reply> {
  const visitor = new Visitor(relay.webUrl)
  await solveCaptcha(visitor, captchas)
  return visitor.post(KNOCK_PATH, { feed, note })
}
