/**
 * What an image is by its own bytes: PNG, JPEG, WebP or GIF, its size, and whether it moves. Nothing is decoded: the headers say it.
 * SVG is none of them: it is a program that draws, and nothing here could say what else it does.
 *
 * Fails by answering undefined: what is not certainly one of the four is no image.
 *
 * @module
 */

export type ImageType = 'image/png' | 'image/jpeg' | 'image/webp' | 'image/gif'

export interface Image {
  readonly type: ImageType
  /** In pixels. */
  readonly width: number
  readonly height: number
  readonly isAnimated: boolean
}

export function readImage(bytes: Buffer): Image | undefined {
  try {
    if (bytes.subarray(0, 8).equals(PNG)) return readPng(bytes)
    if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return readJpeg(bytes)
    if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return readWebp(bytes)
    if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) return readGif(bytes)
  } catch (error) {
    // It ends where a header should be.
    if (!(error instanceof RangeError)) throw error
  }
  return undefined
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex')
const ascii = (bytes: Buffer, at: number, length: number): string => bytes.toString('latin1', at, at + length)

/** W3C PNG §5, §11.2.1; an animation says so before the first data (§11.3.6). */
function readPng(bytes: Buffer): Image | undefined {
  if (ascii(bytes, 12, 4) !== 'IHDR') return undefined
  let isAnimated = false
  for (let at = 8; at + 8 <= bytes.length && ascii(bytes, at + 4, 4) !== 'IDAT'; at += 12 + bytes.readUInt32BE(at))
    if (ascii(bytes, at + 4, 4) === 'acTL') isAnimated = true
  return { type: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), isAnimated }
}

/** ITU T.81 §B: segments up to the start of a frame. */
function readJpeg(bytes: Buffer): Image | undefined {
  for (let at = 2; bytes.readUInt8(at) === 0xff; ) {
    const marker = bytes.readUInt8(at + 1)
    if (marker === 0xff) {
      at++
      continue
    }
    // SOF0 to SOF15, without the three that are tables.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return { type: 'image/jpeg', height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7), isAnimated: false }
    at += 2 + Math.max(2, bytes.readUInt16BE(at + 2))
  }
  return undefined
}

/** RFC 9649 §2.5 to §2.7. */
function readWebp(bytes: Buffer): Image | undefined {
  const type = 'image/webp'
  const kind = ascii(bytes, 12, 4)
  if (kind === 'VP8X')
    return { type, width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3), isAnimated: (bytes.readUInt8(20) & 2) !== 0 }
  if (kind === 'VP8L') {
    const bits = bytes.readUInt32LE(21)
    return { type, width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), isAnimated: false }
  }
  if (kind === 'VP8 ') return { type, width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff, isAnimated: false }
  return undefined
}

/** GIF89a §18 to §24: a second picture makes it move. */
function readGif(bytes: Buffer): Image {
  const table = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1))
  const blocks = (at: number): number => {
    let next = at
    while (bytes.readUInt8(next) !== 0) next += 1 + bytes.readUInt8(next)
    return next + 1
  }
  let pictures = 0
  let at = 13 + table(bytes.readUInt8(10))
  // One that breaks off has what was seen so far.
  try {
    while (pictures < 2) {
      const mark = bytes.readUInt8(at)
      if (mark === 0x21) at = blocks(at + 2)
      else if (mark === 0x2c) {
        pictures++
        at = blocks(at + 11 + table(bytes.readUInt8(at + 9)))
      } else break
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return { type: 'image/gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8), isAnimated: pictures > 1 }
}
