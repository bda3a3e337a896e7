/**
 * What is left of a tool's results where its rule names it: `only: ['/name', …]`, JSON Pointers (RFC 6901) in which `*` stands
 * for every member or element. Compiled once. Pure.
 *
 *   structured content   what is named
 *   text that is JSON    the same of it: it is a mirror of the structured content
 *   any other text       dropped, and said: nobody knows what is in it
 *   images, files, links dropped
 *
 * Fails closed: what is not named is gone.
 *
 * @module
 */

import { allow, BYTES_A_TOKEN, type Entry, type JsonObject, keyOfToken, type Outgoing } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { charactersOf } from './size.ts'
import type { Step } from './steps.ts'

export type Only = (value: unknown) => unknown
export type CompiledOnly =
  | {
      readonly only: Only
      /** Of what is left of values that `schema` describes: clients check results against it. */
      readonly schema: (schema: JsonObject) => JsonObject
    }
  | { readonly problem: string }

/** What is wanted below: all of it, or of some names. `*` is every name. */
type Branch = { readonly all: true } | { readonly all: false; readonly of: ReadonlyMap<string, Branch> }
interface Growing {
  all: boolean
  readonly of: Map<string, Growing>
}

const MAX_POINTERS = 256
const MAX_LENGTH = 512
const MAX_STEPS = 32
const EVERY = '*'
const NOTHING = Symbol('nothing')

export function compileOnly(pointers: unknown): CompiledOnly {
  if (!Array.isArray(pointers) || pointers.length === 0 || pointers.length > MAX_POINTERS)
    return { problem: `must be a list of 1 to ${MAX_POINTERS} JSON pointers` }
  const root: Growing = { all: false, of: new Map() }
  for (const [at, pointer] of pointers.entries()) {
    const steps = stepsOf(pointer)
    if (!steps) return { problem: `the ${at + 1}. of them must be a JSON pointer, like "/name" or "/items/*/id" (RFC 6901)` }
    let branch = root
    for (const step of steps) {
      let next = branch.of.get(step)
      if (!next) branch.of.set(step, (next = { all: false, of: new Map() }))
      branch = next
    }
    branch.all = true
  }
  const only: Only = (value) => {
    const left = pick(value, [root as Branch])
    return left === NOTHING ? emptied(value) : left
  }
  return { only, schema: (schema) => pickSchema(schema, [root as Branch]) }
}

/** Undefined: it is none. */
function stepsOf(pointer: unknown): readonly string[] | undefined {
  if (typeof pointer !== 'string' || pointer.length > MAX_LENGTH || !pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined
  const steps = pointer.slice(1).split('/')
  return steps.length > MAX_STEPS ? undefined : steps.map(keyOfToken)
}

/** Several branches may lead to one place: by its name, and by `*`. */
function below(branches: readonly Branch[], name: string): readonly Branch[] {
  return branches.flatMap((branch) => {
    if (branch.all) return []
    const found = [branch.of.get(name), branch.of.get(EVERY)]
    return found.filter((each) => each !== undefined)
  })
}
const isAll = (branches: readonly Branch[]): boolean => branches.some(({ all }) => all)

function pick(value: unknown, branches: readonly Branch[]): unknown {
  if (isAll(branches)) return value
  if (branches.length === 0 || typeof value !== 'object' || value === null) return NOTHING
  if (Array.isArray(value)) {
    const items = value.map((item, at) => pick(item, below(branches, `${at}`)))
    return items.filter((item) => item !== NOTHING)
  }
  const members = Object.entries(value).flatMap(([name, member]) => {
    const left = pick(member, below(branches, name))
    return left === NOTHING ? [] : [[name, left] as const]
  })
  return Object.fromEntries(members)
}

/** Of the same kind, so that whoever reads it finds its place empty. A value of its own is never named by a pointer below it. */
const emptied = (value: unknown): unknown => (Array.isArray(value) ? [] : typeof value === 'object' && value !== null ? {} : null)

/** Properties that are never there any more are not promised either. What is not understood promises nothing. */
function pickSchema(schema: JsonObject, branches: readonly Branch[]): JsonObject {
  if (isAll(branches)) return schema
  const { type, title, description, properties, required, items, $defs, definitions } = schema
  const common = {
    ...(type === undefined ? {} : { type }),
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(isObject($defs) ? { $defs } : {}),
    ...(isObject(definitions) ? { definitions } : {}),
  }
  if (isObject(properties)) {
    const left = Object.entries(properties).flatMap(([name, member]) => {
      const under = below(branches, name)
      return under.length > 0 ? [[name, isObject(member) ? pickSchema(member, under) : member] as const] : []
    })
    const names = new Set(left.map(([name]) => name))
    const still = Array.isArray(required) ? required.filter((name) => typeof name === 'string' && names.has(name)) : []
    return { ...common, properties: Object.fromEntries(left), ...(still.length > 0 ? { required: still } : {}) }
  }
  if (isObject(items)) return { ...common, items: pickSchema(items, below(branches, '0')) }
  return common
}

const DROPPED = 'Text of this result is withheld: only some fields of it may be sent, and it is not JSON.'

/** In place of what an error says. */
export const ERROR_WITHHELD = 'What this error says is withheld: only some fields of what the tool answers may be sent.'

/** Of what a tool says while it works: how far it is, and nothing in words. Undefined: it was nothing but words. */
export function withoutWords(message: Outgoing): Outgoing | undefined {
  if (message.method === 'notifications/message') return undefined
  if (message.method !== 'notifications/progress') return message
  const { progressToken, progress, total } = message.params
  return { ...message, params: { progressToken, progress, ...(total === undefined ? {} : { total }) } }
}

/** A step of `release`: nothing is promised of what it leaves but the projected schema. `note`: is told how many tokens it has saved. */
export function createProjectStep(note?: (entry: Entry, tokens: number) => void): Step {
  return (result, { entry }) => {
    const only = entry.release?.only
    if (!only) return allow(result)
    const { content, structuredContent, isError } = result
    const left: Record<string, unknown> = { content: Array.isArray(content) ? mirrors(content, only, structuredContent) : [] }
    if (structuredContent !== undefined) left['structuredContent'] = only(structuredContent)
    if (isError === true) left['isError'] = true
    note?.(entry, Math.ceil((charactersOf(result) - charactersOf(left)) / BYTES_A_TOKEN))
    return allow(left)
  }
}

function mirrors(content: readonly unknown[], only: Only, structured: unknown): JsonObject[] {
  let isDropped = false
  const blocks = content.flatMap((block) => {
    const text = isObject(block) && block['type'] === 'text' && typeof block['text'] === 'string' ? block['text'] : undefined
    const value = text === undefined ? undefined : parsed(text)
    if (value !== undefined) return [{ type: 'text', text: JSON.stringify(only(value)) }]
    isDropped = true
    return []
  })
  if (blocks.length === 0 && structured !== undefined) return [{ type: 'text', text: JSON.stringify(only(structured)) }]
  return isDropped ? [...blocks, { type: 'text', text: DROPPED }] : blocks
}

/** Undefined: it is no JSON, or no more than a word of it. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
