// Searches what is left on a disk, byte by byte, for values that must not be there: in whatever form an encoder gives them, and in
// whatever part of a file, so that the free pages of a database and its write-ahead log are looked at as well.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Leak {
  /** The file, or what the caller called the text. */
  readonly where: string
  readonly form: string
  /** The value's place among those that were looked for: the value itself is nobody's business. */
  readonly index: number
}

/** Shorter ones are in any file. */
export const MIN_LENGTH = 8

/** Every form that is looked for, with a name for the failure. */
export function formsOf(value: string): readonly (readonly [form: string, bytes: Buffer])[] {
  const bytes = Buffer.from(value)
  const hex = bytes.toString('hex')
  const forms: [string, Buffer][] = [
    ['as it is', bytes],
    ['UTF-16', Buffer.from(value, 'utf16le')],
    ['hex', Buffer.from(hex)],
    ['HEX', Buffer.from(hex.toUpperCase())],
    ['URL-encoded', Buffer.from(encodeURIComponent(value))],
    ['form-encoded', Buffer.from(new URLSearchParams({ v: value }).toString().slice(2))],
    ['JSON', Buffer.from(JSON.stringify(value).slice(1, -1))],
  ]
  // Where it stands in what was encoded decides which characters are its own: three alignments, without the ends that it shares.
  for (let before = 0; before < 3; before++) {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = whole.toString(encoding).replace(/=+$/, '')
      const inner = text.slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6))
      if (inner.length >= MIN_LENGTH) forms.push([`${encoding}+${before}`, Buffer.from(inner)])
    }
  }
  return forms
}

export function findInBytes(bytes: Buffer, values: readonly string[], where: string): Leak[] {
  return values.flatMap((value, index) =>
    value.length < MIN_LENGTH ? [] : formsOf(value).flatMap(([form, needle]) => (bytes.includes(needle) ? [{ where, form, index }] : [])),
  )
}

/** Every file below the folder, whatever it is. */
export function findInFolder(folder: string, values: readonly string[]): Leak[] {
  return filesIn(folder).flatMap((file) => findInBytes(readFileSync(file), values, relative(folder, file)))
}

export const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
