// A code as a QR image, for the phone beside the computer.

/** Pixels of one module: the style sheet enlarges them with sharp edges, and drawing is dear (4 ms, a board 40). */
const PIXELS = 2
/** Four modules of white around, as the standard asks. */
const QUIET_ZONE = 4 * PIXELS

/** Draws text as a black on white GIF; loads the library at the first call. */
export async function drawQr(text: string): Promise<Buffer> {
  const { default: qrcode } = await import('qrcode-generator')
  const qr = qrcode(0, 'M')
  qr.addData(text, 'Byte')
  qr.make()
  const url = qr.createDataURL(PIXELS, QUIET_ZONE)
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
}
