/**
 * The definitions that were accepted of one server, against those that it lists now: what came, what went, and what is another under
 * the same name (rug pull, T03, T38). Certain, not guessed: a definition that differs in anything is a changed one.
 *
 * A name that is listed twice has to match each time: else a second definition would slip in behind the one that was accepted.
 *
 * Pure; bounded, whatever the server lists.
 *
 * @module
 */

import { type JsonObject, pointerToken } from '../core/index.ts'
import { canonicalJson, isObject } from '../protocol/index.ts'
import { type DefinitionKind, definitionHash, nameOf } from './definition.ts'
import { diffText } from './text-diff.ts'
import { toVisibleLine } from './visible.ts'

/** One definition, as it was accepted. */
export interface Pin {
  readonly hash: string
  /** When it was seen first: ISO 8601. */
  readonly seen: string
  /** What it said; undefined where there was no room to keep it, so that a change can be told, but not shown. */
  readonly definition?: JsonObject | undefined
}

export type Pins = ReadonlyMap<string, Pin>

export interface MemberChange {
  /** JSON Pointer (RFC 6901) within the definition, with hidden characters written out. */
  readonly at: string
  readonly how: 'added' | 'removed' | 'changed'
  /** Lines with `-` and `+`; hidden characters are written out. Values that are no texts stand as JSON. */
  readonly diff: string
}

export interface DefinitionChange {
  readonly name: string
  /** When the one that was accepted was seen first. */
  readonly seen: string
  /** The first of them; empty where what it said was not kept. */
  readonly members: readonly MemberChange[]
}

export interface Drift {
  readonly added: readonly string[]
  /** Gone now; what is listed under that name later is still compared. */
  readonly removed: readonly string[]
  readonly changed: readonly DefinitionChange[]
}

const MAX_MEMBERS = 20
const MAX_POINTER = 500

export function compareDefinitions(kind: DefinitionKind, pins: Pins, listed: readonly JsonObject[]): Drift {
  const added = new Map<string, string>()
  const changed = new Map<string, DefinitionChange>()
  const names = new Set<string>()
  for (const definition of listed) {
    const name = nameOf(kind, definition)
    if (name === undefined) continue
    names.add(name)
    const pin = pins.get(name)
    const hash = definitionHash(kind, definition)
    const known = pin?.hash ?? added.get(name)
    if (known === undefined) added.set(name, hash)
    else if (known !== hash && !changed.has(name)) changed.set(name, toChange(name, pin, definition))
  }
  return { added: [...added.keys()], removed: [...pins.keys()].filter((name) => !names.has(name)), changed: [...changed.values()] }
}

function toChange(name: string, pin: Pin | undefined, definition: JsonObject): DefinitionChange {
  const members: MemberChange[] = []
  if (pin?.definition) collect(pin.definition, definition, '', members)
  return { name, seen: pin?.seen ?? '', members }
}

function collect(was: unknown, is: unknown, at: string, members: MemberChange[]): void {
  if (members.length >= MAX_MEMBERS || canonicalJson(was) === canonicalJson(is)) return
  if (isObject(was) && isObject(is)) {
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) collect(was[key], is[key], `${at}/${pointerToken(key)}`, members)
  } else if (Array.isArray(was) && Array.isArray(is)) {
    for (let index = 0; index < Math.max(was.length, is.length); index++) collect(was[index], is[index], `${at}/${index}`, members)
  } else {
    const how = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
    members.push({ at: toVisibleLine(at.slice(0, MAX_POINTER)), how, diff: diffText(toText(was), toText(is)) })
  }
}

const toText = (value: unknown): string => (value === undefined ? '' : typeof value === 'string' ? value : canonicalJson(value))
