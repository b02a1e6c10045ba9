// SPDX-License-Identifier: AGPL-3.0-or-later
// Draws QR codes.

/** Pixels per module. The style sheet scales the image up; drawing it larger takes longer (4 ms, on a board 40 ms). */
const PIXELS = 2
/** The quiet zone of four modules that the standard requires. */
const QUIET_ZONE = 4 * PIXELS

/** Draws text as a black-on-white GIF. Loads the library at the first call. */
export async function drawQr(text: string): Promise<Buffer> {
  const { default: qrcode } = await import('qrcode-generator')
  const qr = qrcode(0, 'M')
  qr.addData(text, 'Byte')
  qr.make()
  const url = qr.createDataURL(PIXELS, QUIET_ZONE)
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
}
