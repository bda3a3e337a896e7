/** The beginning of a text, cut where a reader would: at the end of a line, else between characters. Pure. @module */

export interface Head {
  readonly text: string
  /** In UTF-8: where the rest begins. */
  readonly bytes: number
}

/** Looked back for the end of a line, as a share of the whole. */
const BACK = 4

export function headOf(text: string, most: number): Head {
  const buffer = Buffer.from(text.slice(0, most))
  let end = Math.min(most, buffer.length)
  // The bytes of one character stay together.
  while (end > 0 && end < buffer.length && ((buffer[end] as number) & 0xc0) === 0x80) end--
  const line = buffer.lastIndexOf(10, end - 1)
  if (end < Buffer.byteLength(text) && line > end - end / BACK) end = line + 1
  // A slice of a string may end within a character of two halves.
  const head = buffer.toString('utf8', 0, end).replace(/\ufffd$/, '')
  return { text: head, bytes: Buffer.byteLength(head) }
}
