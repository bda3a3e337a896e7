/**
 * Goes through a JSON value with something that changes its strings: every string, every name, and the text that base64 hides in a
 * resource's `blob`. Answers the same value where nothing was changed, so that nobody writes it anew.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer'

/** `name`: of the member that the string is, where it is one. */
export type Change = (text: string, name?: string) => string

/** Of a longer one only what is known exactly is found: its base64 is searched for. */
const MAX_BLOB_CHARACTERS = 8 * 1024 * 1024
/** Beside a long text, a name gives nothing away; and a long name is a text of its own. */
const MAX_NAME = 64
const MAX_NAMED = 4_096

/** `numbers`: long ones too, which become texts where they are changed. */
export function redactDeep(value: unknown, change: Change, numbers = false): unknown {
  if (typeof value === 'string') return change(value)
  if (typeof value === 'number') return numbers ? redactNumber(value, change) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined
    for (let at = 0; at < value.length; at++) {
      const item = redactDeep(value[at], change, numbers)
      if (item !== value[at]) (copy ??= [...value])[at] = item
    }
    return copy ?? value
  }
  const members = Object.entries(value)
  const changed = members.map(([name, member]): [string, unknown] => [change(name), memberOf(name, member, change, numbers)])
  return changed.every(([name, member], at) => name === members[at]?.[0] && member === members[at]?.[1])
    ? value
    : Object.fromEntries(changed)
}

function memberOf(name: string, member: unknown, change: Change, numbers: boolean): unknown {
  if (numbers && typeof member === 'number') return redactNumber(member, change, name)
  if (typeof member !== 'string') return redactDeep(member, change, numbers)
  if (name === 'blob') return redactBlob(member, change)
  return name.length <= MAX_NAME && member.length <= MAX_NAMED ? change(member, name) : change(member)
}

const LONG_NUMBER = 1_000_000

function redactNumber(value: number, change: Change, name?: string): unknown {
  if (!Number.isInteger(value) || value < LONG_NUMBER) return value
  const text = String(value)
  const clean = change(text, name)
  return clean === text ? value : clean
}

/** What the base64 itself gives away is taken out first. */
function redactBlob(blob: string, change: Change): string {
  const outside = change(blob)
  const text = outside === blob ? textInBlob(blob) : undefined
  if (text === undefined) return outside
  const clean = change(text)
  return clean === text ? blob : Buffer.from(clean).toString('base64')
}

/** Whatever its type says: a text is told by its bytes. Undefined: it is none, or too long to be looked at. */
export function textInBlob(blob: string): string | undefined {
  if (blob.length > MAX_BLOB_CHARACTERS) return undefined
  const bytes = Buffer.from(blob, 'base64')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
