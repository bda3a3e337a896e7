/**
 * Puts content in the place of references, between the check of the arguments and what a schema library, a rule and the executor see of
 * them.
 *
 *   arguments that passed `check` ─▶ a URI of ours ─▶ kept here by this caller, or readable by this caller ─▶ its content
 *
 * Nothing is ever fetched from elsewhere: a URI is looked up in the catalogue, and that is all. Whatever keeps the caller from reading it,
 * the answer is that of a reference which never was. Fails closed; one after the other, so that one call holds no more than its bounds.
 *
 * @module
 */

import type { Entry, ReferenceField } from '../../core/index.ts'
import { allow, createTally, type Decision, type Denial, deny, type JsonObject, type Principal, principalKey } from '../../core/index.ts'
import { contentOf, type ReadContent, refused, tooLarge, toPlaced, unknown, wrongType } from './content.ts'
import { referencesAt, withContents } from './places.ts'
import type { ReadInside } from './read-inside.ts'

/** Puts contents in their places. `isRead`: a schema library has made the arguments. */
export type Place = (args: unknown, isRead: boolean) => unknown
export type ResolveReferences = (
  fields: NonNullable<Entry['references']>,
  args: JsonObject,
  principal: Principal,
) => Promise<Decision<Place>>

/** What is kept here for one caller, to be read whole: what was put here, and results that were too large to send. */
export interface ReferenceSource {
  isOurs(uri: string): boolean
  /** Undefined: there is none of this caller's. */
  find(uri: string, principal: Principal): Promise<Kept | undefined>
}
interface Kept {
  readonly uri: string
  readonly mimeType: string
  readonly name?: string | undefined
  readonly size: number
  read(offset: number, length: number): Promise<Buffer | undefined>
}

export interface ResolveOptions {
  readonly sources: readonly ReferenceSource[]
  readonly readInside: ReadInside
}

const MAX_REFERENCES = 16
/** Of one caller, however many calls those belong to: each may be as large as its argument allows. */
const MAX_AT_ONCE = 16
/** What says nothing of what is there, only that it cannot be had now. */
const passing: readonly Denial['reason'][] = ['overloaded', 'deadline_exceeded', 'cancelled', 'upstream_unavailable']

export function createResolveReferences({ sources, readInside }: ResolveOptions): ResolveReferences {
  const places = createTally()

  async function keptContent(
    path: string,
    field: ReferenceField,
    uri: string,
    principal: Principal,
    source: ReferenceSource,
  ): Promise<Decision<ReadContent>> {
    const found = await source.find(uri, principal)
    if (!found) return unknown(path)
    // Before anything of it is read.
    if (found.size > field.maxBytes) return tooLarge(path, field)
    if (!field.accepts(found.mimeType)) return wrongType(path)
    const content = await found.read(0, found.size)
    return content ? allow({ uri: found.uri, mimeType: found.mimeType, name: found.name, content }) : unknown(path)
  }

  async function ownContent(path: string, field: ReferenceField, given: string, principal: Principal): Promise<Decision<ReadContent>> {
    const uri = field.toUri(given)
    const read = uri === undefined ? undefined : await readInside(principal, uri)
    if (uri === undefined || !read) return unknown(path)
    if (!read.allowed) {
      const { reason } = read.denial
      if (reason === 'result_too_large') return tooLarge(path, field)
      return passing.includes(reason) ? read : unknown(path)
    }
    const content = contentOf(read.value, uri)
    return content ? allow(content) : unknown(path)
  }

  async function contentsOf(
    field: ReferenceField,
    given: readonly string[],
    principal: Principal,
  ): Promise<Decision<Map<string, unknown>>> {
    const path = `arguments/${field.path.join('/')}`
    const contents = new Map<string, unknown>()
    for (const reference of given) {
      if (contents.has(reference)) continue
      const source = sources.find(({ isOurs }) => isOurs(reference))
      const read = source
        ? await keptContent(path, field, reference, principal, source)
        : await ownContent(path, field, reference, principal)
      const placed = read.allowed ? toPlaced(path, field, read.value) : read
      if (!placed.allowed) return placed
      contents.set(reference, placed.value)
    }
    return allow(contents)
  }

  return async function resolve(fields, args, principal) {
    const given = fields.map(({ path }) => referencesAt(args, path))
    if (given.flat().length > MAX_REFERENCES) return refused('arguments', `must NOT have more than ${MAX_REFERENCES} references`)
    const leave = places.take(principalKey(principal), MAX_AT_ONCE)
    if (!leave)
      return deny({
        reason: 'overloaded',
        problem: `References of ${MAX_AT_ONCE} calls of this caller are being read: wait for one to end.`,
      })
    try {
      const all: Map<string, unknown>[] = []
      for (const [at, field] of fields.entries()) {
        const contents = await contentsOf(field, given[at] as readonly string[], principal)
        if (!contents.allowed) return contents
        all.push(contents.value)
      }
      return allow((value, isRead) =>
        fields.reduce((made, { path }, at) => withContents(made, path, all[at] as Map<string, unknown>, isRead), value),
      )
    } finally {
      leave()
    }
  }
}
