/** The picture that IAM gives with a virtual MFA device: its key as a QR code, in a PNG. */
import { crc32, deflateSync } from 'node:zlib'
import encodeQR from 'qr'

const pixelsPerModule = 6

/** Black on white, one bit a pixel. PNG: https://www.w3.org/TR/png-3/#5DataRep */
export function qrCodePng(text: string): Buffer {
  const modules = encodeQR(text, 'raw', { border: 4, scale: pixelsPerModule })
  const size = modules.length
  const rows = modules.map((row) => {
    const bytes = Buffer.alloc(1 + Math.ceil(size / 8))
    row.forEach((isDark, x) => {
      if (!isDark) bytes[1 + (x >> 3)] = (bytes[1 + (x >> 3)] ?? 0) | (0x80 >> (x & 7))
    })
    return bytes
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header[8] = 1
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(typed.length + 8)
  framed.writeUInt32BE(data.length, 0)
  typed.copy(framed, 4)
  framed.writeUInt32BE(crc32(typed), typed.length + 4)
  return framed
}
